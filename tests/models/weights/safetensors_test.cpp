#include "models/weights/safetensors.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"

namespace pdmp::models {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryDirectory;

// A file with this header and so many bytes of data.
std::string file_with(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + std::string(data_bytes, 'x');
}

std::string data_error(const std::filesystem::path& path) {
  try {
    read_safetensors(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
    return error.what();
  }
  return "nothing thrown";
}

TEST(Safetensors, GivesBackWhatWasWritten) {
  const TemporaryDirectory directory;
  Safetensors content;
  content.metadata = {{"format", "pt"}, {"note", "\"quoted\" \n text"}};
  const Tensor numbers = torch::arange(12, torch::kFloat64).reshape({3, 4}) - 5.5;
  for (const auto dtype : {torch::kFloat32, torch::kFloat64, torch::kFloat16, torch::kBFloat16, torch::kInt64,
                           torch::kInt32, torch::kInt16, torch::kInt8, torch::kUInt8, torch::kBool}) {
    content.tensors.emplace_back(fmt::format("t.{}", torch::toString(dtype)), numbers.abs().to(dtype));
  }
  content.tensors.emplace_back("scalar", torch::tensor(int64_t{1} << 40));
  content.tensors.emplace_back("empty", torch::empty({2, 0, 3}));
  content.tensors.emplace_back("transposed", numbers.t());
  const std::string path = directory / "a.safetensors";
  write_safetensors(path, content);

  const Safetensors read = read_safetensors(path);
  EXPECT_EQ(read.metadata, content.metadata);
  ASSERT_EQ(read.tensors.size(), content.tensors.size());
  for (size_t i = 0; i < read.tensors.size(); ++i) {
    EXPECT_EQ(read.tensors[i].first, content.tensors[i].first);
    EXPECT_EQ(read.tensors[i].second.scalar_type(), content.tensors[i].second.scalar_type());
    EXPECT_TRUE(torch::equal(read.tensors[i].second, content.tensors[i].second)) << read.tensors[i].first;
  }
}

// The bytes themselves: other readers depend on them.
TEST(Safetensors, LayoutIsLengthHeaderData) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.safetensors";
  write_safetensors(path, {{{"f", torch::tensor({1.0F, 2.0F, 3.0F})}, {"n", torch::tensor({int64_t{7}})}}, {}});
  const std::string file = read_file(path);
  uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  EXPECT_EQ(length % 8, 0U);
  const auto header = nlohmann::json::parse(file.substr(8, length));
  // The wide integer lies first, at a multiple of its size, although it was given last.
  EXPECT_EQ(header, (nlohmann::json{{"n", {{"dtype", "I64"}, {"shape", {1}}, {"data_offsets", {0, 8}}}},
                                    {"f", {{"dtype", "F32"}, {"shape", {3}}, {"data_offsets", {8, 20}}}}}));
  EXPECT_EQ(file.size(), 8 + length + 20);
  int64_t n = 0;
  std::memcpy(&n, file.data() + 8 + length, 8);
  EXPECT_EQ(n, 7);
}

TEST(Safetensors, EveryCutIsAnError) {
  const TemporaryDirectory directory;
  const std::string path = directory / "whole.safetensors";
  write_safetensors(path, {{{"f", torch::ones({4})}, {"n", torch::tensor({int64_t{7}})}}, {}});
  const std::string file = read_file(path);
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_THAT(data_error(directory.write("cut.safetensors", file.substr(0, size))),
                HasSubstr("whole safetensors file"))
        << size;
  }
}

TEST(Safetensors, NamesWhatIsWrong) {
  const TemporaryDirectory directory;
  const auto message = [&](const std::string& header, size_t bytes) {
    return data_error(directory.write("bad.safetensors", file_with(header, bytes)));
  };
  EXPECT_THAT(message("not json", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(message("[1]", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})", 4), HasSubstr("unknown type 'F99'"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F32","shape":[1]}})", 4), HasSubstr("'a' without a usable"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4),
              HasSubstr("shape (2) in bytes 0 to 4"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4), HasSubstr("shape (-1)"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0),
              HasSubstr("shape"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8), HasSubstr("hole or an overlap"));
  EXPECT_THAT(
      message(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
          4),
      HasSubstr("hole or an overlap"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 5), HasSubstr("5 bytes of data"));
  EXPECT_THAT(message(R"({"__metadata__":{"format":3}})", 0), HasSubstr("__metadata__"));
}

// As numbers they would pass for others: 1.9 for 1, 2^64 - 4 for -4.
TEST(Safetensors, ShapesAndOffsetsAreWholeNumbers) {
  const TemporaryDirectory directory;
  const auto message = [&](const std::string& shape, const std::string& offsets) {
    const std::string entry = R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
    return data_error(directory.write("bad.safetensors", file_with(entry, 4)));
  };
  EXPECT_THAT(message("[1.9]", "[0,4]"), HasSubstr("'a' without a usable"));
  EXPECT_THAT(message("[1e300]", "[0,4]"), HasSubstr("'a' without a usable"));
  EXPECT_THAT(message("[1]", "[0.5,4]"), HasSubstr("'a' without a usable"));
  EXPECT_THAT(message("[1]", "[0,18446744073709551615]"), HasSubstr("'a' without a usable"));
  EXPECT_THAT(message("{\"x\":1}", "[0,4]"), HasSubstr("'a' without a usable"));
  EXPECT_THAT(message("[1]", "[-4,0]"), HasSubstr("shape (1) in bytes"));
}

// No values, but strides that do not fit into 64 bits.
TEST(Safetensors, EmptyTensorsOfImpossibleShapeAreRefused) {
  const TemporaryDirectory directory;
  EXPECT_THAT(data_error(directory.write(
                  "bad.safetensors",
                  file_with(R"({"a":{"dtype":"U8","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}})", 0))),
              HasSubstr("shape (0, 4611686018427387904, 4)"));
}

TEST(Safetensors, MissingFileIsIo) {
  try {
    read_safetensors("/nowhere/at/all.safetensors");
    FAIL() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/at/all.safetensors"));
  }
}

}  // namespace
}  // namespace pdmp::models
