// Files that are small to make and were large to read. Work is bounded by a limit of processor time that is far above
// what the work takes, memory by a limit of the program's data.
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/text/toml.h"
#include "cli/program.h"
#include "cli/toy_data.h"
#include "data/manifest/manifest.h"
#include "data/tables/csv.h"
#include "data/tables/jsonl.h"
#include "models/weights/safetensors.h"
#include "models/weights/safetensors_header.h"
#include "pdmp/trainer.h"
#include "support/expect_error.h"
#include "support/peak_memory.h"
#include "support/temporary_directory.h"
#include "support/toy_task.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using ::testing::HasSubstr;
using testing::peak_growth;
using testing::ProgramResult;
using testing::TemporaryDirectory;

constexpr int64_t kMegabyte = 1'000'000;

// Of what the program takes without any of this, about 400 MB is data.
ProgramResult run_limited(const std::vector<std::string>& arguments) {
  const std::string limits = testing::kMemoryIsMeasured ? "; ulimit -t 15; ulimit -d 1200000" : "";
  return testing::run_program(arguments, "export OMP_NUM_THREADS=1" + limits);
}

// The same text `count` times.
std::string repeated(const std::string& text, size_t count) {
  std::string result;
  result.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) result += text;
  return result;
}

std::string safetensors_file(const std::string& header) {
  const uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file + header;
}

// Tensors without values.
std::string header_of_keys(int count) {
  std::string header = "{";
  for (int i = 0; i < count; ++i) {
    header += fmt::format(R"({}"some.name.of.a.tensor.{}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
                          i > 0 ? "," : "", i);
  }
  return header + "}";
}

class BoundedWork : public ::testing::Test {
 protected:
  std::vector<std::string> train(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"train", "--data", data_.string(), "--run", (directory_ / "run").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  TemporaryDirectory directory_;
  const fs::path data_ = directory_ / "data";
};

TEST_F(BoundedWork, SafetensorsHeaderOf100000Keys) {
  testing::write_toy_data(data_, 4);
  const fs::path file = directory_.write("w.safetensors", safetensors_file(header_of_keys(100000)));
  const ProgramResult result = run_limited(train({"--encoders", "numbers=mlp:weights=" + file.string()}));
  EXPECT_EQ(result.code, 1) << result.error;
  EXPECT_THAT(result.error, HasSubstr("100000 unknown"));
}

TEST_F(BoundedWork, SafetensorsOfManyTensorsAreWrittenInLinearTime) {
  models::Safetensors content;
  for (int i = 0; i < 100000; ++i) content.tensors.emplace_back("tensor " + std::to_string(i), torch::zeros({1}));
  const double begin = static_cast<double>(std::clock());
  models::write_safetensors(directory_ / "many.safetensors", content);
  EXPECT_EQ(models::read_safetensors(directory_ / "many.safetensors").tensors.size(), 100000u);
  EXPECT_LT((static_cast<double>(std::clock()) - begin) / CLOCKS_PER_SEC, 20);  // of the processor; was minutes
}

TEST_F(BoundedWork, DatasetJsonOfBracketsAlone) {
  testing::write_toy_data(data_, 4);
  for (const size_t megabytes : {15, 50}) {  // below the limit of the file, and above
    std::ofstream(data_ / "dataset.json") << std::string(megabytes * kMegabyte, '[');
    const ProgramResult result = run_limited({"data", "info", data_.string()});
    EXPECT_EQ(result.code, 1) << result.error;
    EXPECT_THAT(result.error, HasSubstr(megabytes == 15 ? "nested more than 100 deep" : "at most 16 MiB"));
  }
}

TEST_F(BoundedWork, EveryOtherJsonOfBracketsAlone) {
  testing::write_toy_data(data_, 4);
  const std::string brackets = std::string(50 * kMegabyte, '['), objects = repeated("{\"a\":", 10 * kMegabyte);
  const fs::path analysis = directory_.write("analysis.json", brackets);
  EXPECT_THAT(run_limited(train({"--method", "pdmp", "--analysis", analysis.string()})).error,
              HasSubstr("nested more than 100 deep"));
  const int64_t peak = peak_growth([&] {
    expect_error(ErrorKind::data, {"nested more than 100"},
                 [&] { models::parse_safetensors_header("w", safetensors_file(objects)); });
    expect_error(ErrorKind::data, {"m.jsonl:1", "nested more than 100"},
                 [&] { data::parse_jsonl(brackets.substr(0, 15 * kMegabyte), "m.jsonl"); });
    expect_error(ErrorKind::data, {"m.jsonl:1", "lines of at most 16 MiB"},
                 [&] { data::parse_jsonl(objects, "m.jsonl"); });
  });
  EXPECT_LT(peak, 300 * kMegabyte);  // copies of the text
}

TEST_F(BoundedWork, JsonOfMoreValuesThanMemoryHolds) {
  const std::string lists = "[" + repeated("[],", 8 * kMegabyte) + "0]";
  const fs::path file = directory_.write("dataset.json", lists.substr(0, 15 * kMegabyte));
  EXPECT_LT(peak_growth([&] {
              expect_error(ErrorKind::data, {"dataset.json", "more values"},
                           [&] { data::read_manifest(directory_.path(), 0); });
            }),
            250 * kMegabyte);
}

TEST_F(BoundedWork, ConfigWithAStringOf200Megabytes) {
  const fs::path file = directory_.write("long.toml", "run = \"");
  fs::resize_file(file, 200 * kMegabyte);
  const ProgramResult result = run_limited({"train", "--config", file.string()});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("at most 1 MiB"));
  EXPECT_LT(peak_growth([&] {
              EXPECT_THROW(parse_toml("a = \"" + std::string(1000000, 'x') + "\"" + std::string(100, '['), "t"), Error);
            }),
            100 * kMegabyte);
}

TEST_F(BoundedWork, ConfigThatNeverEnds) {
  const ProgramResult result = run_limited({"train", "--config", "/dev/zero"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("at most 1 MiB"));
}

TEST_F(BoundedWork, WeightsThatAreNoFileOrTooLarge) {
  const fs::path pipe = directory_ / "pipe", large = directory_.write("large.safetensors", "");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  fs::resize_file(large, int64_t{1} << 40);
  expect_error(ErrorKind::data, {"pipe", "expected a regular file"}, [&] { models::read_safetensors(pipe); });
  expect_error(ErrorKind::data, {"/dev/zero", "expected a regular file"},
               [] { models::read_safetensors("/dev/zero"); });
  expect_error(ErrorKind::data, {"large.safetensors", "at most 8192 MiB"}, [&] { models::read_safetensors(large); });
}

TEST_F(BoundedWork, CsvFieldOfAGigabyte) {
  testing::write_toy_data(data_, 4);
  for (const char* begin : {"id,label,caption,n0,n1\nx,red,", "id,label,caption,n0,n1\nx,red,\"", "id"}) {
    std::ofstream(data_ / "metadata.csv") << begin << std::string(100 * kMegabyte, 'x');
    const ProgramResult letters = run_limited({"data", "info", data_.string()});
    EXPECT_EQ(letters.code, 1);
    EXPECT_THAT(letters.error, HasSubstr("expected fields of at most 1048576 bytes"));
    std::ofstream(data_ / "metadata.csv") << begin;
    fs::resize_file(data_ / "metadata.csv", 1000 * kMegabyte);
    const ProgramResult zeros = run_limited({"data", "info", data_.string()});
    EXPECT_EQ(zeros.code, 1);
    EXPECT_THAT(zeros.error, HasSubstr("found bytes of 0"));
  }
}

TEST_F(BoundedWork, MetadataThatIsNoFileOrTooLarge) {
  testing::write_toy_data(data_, 4);
  fs::resize_file(data_ / "metadata.csv", int64_t{5} << 30);
  EXPECT_THAT(run_limited({"data", "info", data_.string()}).error, HasSubstr("of at most 1024 MiB, found 5120 MiB"));
  for (const char* name : {"metadata.csv", "dataset.json"}) {
    fs::remove(data_ / name);
    ASSERT_EQ(std::system(("mkfifo '" + (data_ / name).string() + "'").c_str()), 0);
    const ProgramResult result = run_limited({"data", "info", data_.string()});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.error, HasSubstr("found a named pipe"));
  }
}

TEST_F(BoundedWork, CsvOfAMillionColumns) {
  std::string header = "id";
  for (int i = 0; i < 1000000; ++i) header += ",c";
  expect_error(ErrorKind::data, {"m.csv:1", "at most 250000 fields"}, [&] { data::parse_csv(header, "m.csv"); });
}

TEST_F(BoundedWork, JsonLinesThatEachBringAKey) {
  std::string lines;
  for (int i = 0; i < 100000; ++i) lines += fmt::format("{{\"k{}\":1}}\n", i);
  EXPECT_LT(
      peak_growth([&] {
        expect_error(ErrorKind::data, {"m.jsonl:", "rows times columns"}, [&] { data::parse_jsonl(lines, "m.jsonl"); });
      }),
      300 * kMegabyte);
}

TEST_F(BoundedWork, JsonLineOf100000Keys) {
  std::string line = "{\"id\":1";
  for (int i = 0; i < 100000; ++i) line += fmt::format(",\"a key {}\":{}", i, i);
  line += "}\n";
  const double begin = static_cast<double>(std::clock());
  EXPECT_EQ(data::parse_jsonl(line + line, "m.jsonl").columns.size(), 100001u);
  EXPECT_LT((static_cast<double>(std::clock()) - begin) / CLOCKS_PER_SEC, 20);
}

TEST_F(BoundedWork, PathsThatMultiply) {
  const auto message = [&](const std::string& entry, const std::string& cell) {
    directory_.write("d/dataset.json",
                     R"({"classes":["a","b"],"modalities":[{"name":"p","type":"frames",)" + entry + "}]}");
    directory_.write("d/metadata.csv", "id,label,cell\nx,a," + cell + "\n");
    std::string text = "accepted";
    EXPECT_LT(peak_growth([&] {
                try {
                  data::read_manifest(directory_ / "d", 0);
                } catch (const Error& error) {
                  text = error.what();
                }
              }),
              200 * kMegabyte);
    return text;
  };
  const std::string many = repeated("x;", 500000), path = "\"path\":\"" + repeated("{cell}", 600) + "\"";
  EXPECT_THAT(message(R"("column":"cell","root":")" + std::string(4000, 'r') + "\"", many),
              HasSubstr("metadata.csv:2"));
  EXPECT_THAT(message(path, std::string(1000000, 'x')), HasSubstr("expected at most 1048576 bytes"));
  EXPECT_THAT(message(R"("path":")" + std::string(5000, 'x') + "\"", ""), HasSubstr("at most 4096 bytes"));
  EXPECT_EQ(message(R"("path":"{cell}.png")", "x"), "accepted");
}

TEST_F(BoundedWork, ModalitiesAndShapesWithoutEnd) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += fmt::format("{}{{\"name\":\"m{}\",\"type\":\"text\"}}", i > 0 ? "," : "", i);
  directory_.write("metadata.csv", "id,label\nx,a\n");
  directory_.write("dataset.json", "{\"modalities\":[" + many + "]}");
  expect_error(ErrorKind::data, {"at most 256, found 1000"}, [&] { data::read_manifest(directory_.path(), 0); });
  directory_.write("dataset.json",
                   R"({"modalities":[{"name":"t","type":"tensor","column":"id","shape":[1000000000,1000000000]}]})");
  expect_error(ErrorKind::data, {"'shape'", "1000000000 numbers together"},
               [&] { data::read_manifest(directory_.path(), 0); });
}

// Says the class that `index` has, of many.
class ManyClasses : public Method {
 public:
  explicit ManyClasses(int64_t classes) : classes_(classes) {}
  Outputs forward(Model&, const Batch& batch, Mode) override {
    const Tensor rows = torch::zeros({batch.size(), classes_});
    rows.scatter_(1, (batch.labels % (classes_ / 2)).unsqueeze(1), 5);
    return {.features = {}, .fused = rows, .unimodal = {rows, rows}};
  }

 private:
  int64_t classes_;
};

// 4,000 classes x 4,000 samples: one (n, C) or (C, C) matrix of float32 is 64 MB, of int64 128 MB.
TEST_F(BoundedWork, EvaluationKeepsNoMatrixOfClasses) {
  constexpr int64_t kCount = 4000;
  std::vector<std::string> classes;
  for (int64_t c = 0; c < kCount; ++c) classes.push_back(std::to_string(c));
  const auto small = testing::toy_data(30, 2, 1);
  std::vector<Tensor> inputs;
  for (const ModalityInfo& info : small->modalities()) inputs.push_back(torch::zeros({kCount, info.shape.at(0)}));
  const auto data = std::make_shared<TensorDataset>(small->modalities(), classes, inputs, torch::arange(kCount));
  const auto model = testing::toy_model(*data);
  ManyClasses method(kCount);
  Evaluation scores;
  int64_t taken = 0;
  const int64_t peak = peak_growth([&] {
    scores = evaluate(*model, method, data, testing::toy_training(1), "", {},
                      [&](const Tensor&, const Tensor& probabilities) { taken += probabilities.size(0); });
  });
  EXPECT_EQ(taken, kCount);
  EXPECT_NEAR(scores.accuracy(), 0.5, 1e-12);
  EXPECT_LT(peak, 60 * kMegabyte);
}

}  // namespace
}  // namespace pdmp
