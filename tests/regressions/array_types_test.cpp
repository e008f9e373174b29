// Arrays as NumPy writes them and numbers as it reads them: every dtype, byte order, memory order and version; .npz.
#include <algorithm>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/importers/own_media_miniature.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "data/npy/npy.h"
#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/npy.h"
#include "support/peak_memory.h"
#include "support/temporary_directory.h"
#include "support/zip.h"

namespace pdmp {
namespace {

using testing::cell;
using testing::entry;
using testing::expect_error;
using testing::npy;
using testing::zip;

template <class T>
std::string raw(const std::vector<T>& values, bool big = false) {
  std::string bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  for (size_t i = 0; big && i < values.size(); ++i) {
    std::reverse(bytes.begin() + static_cast<int64_t>(i * sizeof(T)),
                 bytes.begin() + static_cast<int64_t>((i + 1) * sizeof(T)));
  }
  return bytes;
}

class ArrayTypes : public ::testing::Test {
 protected:
  Tensor read(const std::string& bytes, const std::string& name = "a.npy") const {
    return data::read_npy(directory_.write(name, bytes));
  }
  void expect_refused(const std::string& bytes, const std::vector<std::string>& words) const {
    expect_error(ErrorKind::data, words, [&] { read(bytes); });
  }

  testing::TemporaryDirectory directory_;
};

std::string with_header(const std::string& header, const std::string& values) {
  std::string bytes("\x93NUMPY\x01\0", 8);
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + values;
}

TEST_F(ArrayTypes, Float16) {
  // 1, -2, 65504 (the largest), 2^-24 (the smallest), 0.333251953125
  const std::vector<uint16_t> bits = {0x3C00, 0xC000, 0x7BFF, 0x0001, 0x3555};
  const Tensor expected = torch::tensor({1.0f, -2.0f, 65504.0f, 5.9604644775390625e-8f, 0.333251953125f});
  EXPECT_TRUE(torch::equal(read(npy("<f2", "(5,)", raw(bits))), expected));
  EXPECT_TRUE(torch::equal(read(npy(">f2", "(5,)", raw(bits, true))), expected));
  expect_refused(npy("<f2", "(1,)", raw<uint16_t>({0x7C00})), {"inf at [0]"});
  expect_refused(npy("<f2", "(1,)", raw<uint16_t>({0xFE00})), {"nan at [0]"});
}

TEST_F(ArrayTypes, Bool) {
  const std::string bytes("\x01\x00\x01", 3);
  for (const char* descr : {"|b1", "?", "|?", "b1"}) {
    EXPECT_TRUE(torch::equal(read(npy(descr, "(3,)", bytes)), torch::tensor({1.0f, 0.0f, 1.0f}))) << descr;
  }
}

TEST_F(ArrayTypes, BigEndian) {
  const Tensor expected = torch::tensor({-5.0f, 100.0f}), positive = torch::tensor({5.0f, 200.0f});
  EXPECT_TRUE(torch::equal(read(npy(">f4", "(2,)", raw<float>({-5, 100}, true))), expected));
  EXPECT_TRUE(torch::equal(read(npy(">f8", "(2,)", raw<double>({-5, 100}, true))), expected));
  EXPECT_TRUE(torch::equal(read(npy(">i2", "(2,)", raw<int16_t>({-5, 100}, true))), expected));
  EXPECT_TRUE(torch::equal(read(npy(">i4", "(2,)", raw<int32_t>({-5, 100}, true))), expected));
  EXPECT_TRUE(torch::equal(read(npy(">i8", "(2,)", raw<int64_t>({-5, 100}, true))), expected));
  EXPECT_TRUE(torch::equal(read(npy(">u2", "(2,)", raw<uint16_t>({5, 200}, true))), positive));
  EXPECT_TRUE(torch::equal(read(npy(">u4", "(2,)", raw<uint32_t>({5, 200}, true))), positive));
  EXPECT_TRUE(torch::equal(read(npy(">u8", "(2,)", raw<uint64_t>({5, 200}, true))), positive));
  EXPECT_TRUE(torch::equal(read(npy("=i4", "(2,)", raw<int32_t>({-5, 100}))), expected));
  EXPECT_TRUE(torch::equal(read(npy(">i1", "(2,)", raw<int8_t>({-5, 100}))), expected));
}

TEST_F(ArrayTypes, WideIntegersRoundToTheNearestFloat) {
  const auto values = raw<int64_t>({(int64_t{1} << 53) + 1, -(int64_t{1} << 62) - 12345, 16777217});
  EXPECT_TRUE(torch::equal(read(npy("<i8", "(3,)", values)),
                           torch::tensor({9007199254740992.0f, -4611686018427387904.0f, 16777216.0f})));
  EXPECT_TRUE(
      torch::equal(read(npy("<u8", "(1,)", raw<uint64_t>({~uint64_t{0}}))), torch::tensor({18446744073709551616.0f})));
}

// What array.T is saved as.
TEST_F(ArrayTypes, FortranOrder) {
  std::string bytes = npy("(2, 3)", {1, 4, 2, 5, 3, 6});
  bytes.replace(bytes.find("False"), 5, "True ");
  EXPECT_TRUE(torch::equal(read(bytes), torch::tensor({{1.0f, 2.0f, 3.0f}, {4.0f, 5.0f, 6.0f}})));
  std::vector<float> values(24);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  std::string deep = npy("(2, 3, 4)", values);
  deep.replace(deep.find("False"), 5, "True ");
  const Tensor expected = torch::arange(24, torch::kFloat32).reshape({4, 3, 2}).permute({2, 1, 0}).contiguous();
  EXPECT_TRUE(torch::equal(read(deep), expected));
  values[1] = std::numeric_limits<float>::quiet_NaN();
  std::string bad = npy("(2, 3, 4)", values);
  bad.replace(bad.find("False"), 5, "True ");
  expect_refused(bad, {"nan at [1, 0, 0]"});
}

TEST_F(ArrayTypes, BigEndianFortranOfVersion3) {
  std::string bytes = npy(">i2", "(2, 2)", raw<int16_t>({1, 3, 2, 4}, true));
  bytes.replace(bytes.find("False"), 5, "True ");
  bytes[6] = 3;
  bytes.insert(10, std::string(2, '\0'));
  EXPECT_TRUE(torch::equal(read(bytes), torch::tensor({{1.0f, 2.0f}, {3.0f, 4.0f}})));
}

TEST_F(ArrayTypes, HeadersOfOtherWriters) {
  const std::string values = raw<float>({1, 2, 3, 4, 5, 6});
  const Tensor expected = torch::tensor({{1.0f, 2.0f, 3.0f}, {4.0f, 5.0f, 6.0f}});
  for (const char* header : {"{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }\n",
                             "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2, 3)}",
                             "{'shape':(2,3),'fortran_order':False,'descr':'<f4'}",
                             "  { 'shape' : ( 2 , 3 ) , 'descr' : '<f4' , 'fortran_order' : False }  \n"}) {
    EXPECT_TRUE(torch::equal(read(with_header(header, values)), expected)) << header;
  }
  EXPECT_EQ(read(with_header("{'descr': '<f4', 'fortran_order': True, 'shape': (6L,), }", values)).sizes(),
            (std::vector<int64_t>{6}));
}

TEST_F(ArrayTypes, WhatIsNoArrayOfRealNumbers) {
  expect_refused(npy("<c8", "(1,)", std::string(8, '\0')), {"dtype '<c8'", "f2, f4, f8, b1, i1"});
  expect_refused(npy("|O", "(1,)", std::string(8, '\0')), {"dtype '|O'"});
  expect_refused(npy("<U3", "(1,)", std::string(12, '\0')), {"dtype '<U3'"});
  expect_refused(npy("<f16", "(1,)", std::string(16, '\0')), {"dtype '<f16'"});
  expect_refused(with_header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd"),
                 {"dtype [('a'"});
  for (const char* header : {"", "{", "{'descr'", "{'descr': '<f4", "{'descr': '<f4', 'shape': (2,)", "(((((", "{}",
                             "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "{'descr': '<f4' 'x'}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}", "{'descr': }}"}) {
    expect_refused(with_header(header, "abcd"), {"a .npy file"});
  }
}

TEST_F(ArrayTypes, NpzWithOneArray) {
  const std::string array = npy("(2, 2)", {1, 2, 3, 4.5});
  const Tensor expected = torch::tensor({{1.0f, 2.0f}, {3.0f, 4.5f}});
  for (const bool deflate : {false, true}) {
    EXPECT_TRUE(torch::equal(read(zip({{"arr_0.npy", array}}, deflate), "a.npz"), expected)) << deflate;
    EXPECT_EQ(data::read_npy_shape(directory_ / "a.npz"), (std::vector<int64_t>{2, 2}));
  }
  EXPECT_TRUE(torch::equal(read(zip({{"readme.txt", "x"}, {"x.npy", array}}, true)), expected));
}

TEST_F(ArrayTypes, NpzThatIsNotOneArray) {
  const std::string array = npy("(1,)", {1}), good = zip({{"a.npy", array}}, true);
  expect_refused(zip({{"x.npy", array}, {"y.npy", array}}), {"one array", "2: x.npy, y.npy", "a file of its own"});
  expect_refused(zip({{"a.txt", array}}), {"without any"});
  expect_refused(zip({}), {"without any"});
  expect_refused(good.substr(0, good.size() - 1), {"without its end"});
  expect_refused(good.substr(0, 40), {"without its end"});
  for (size_t at = 0; at < good.size(); ++at) {  // no byte of it may crash, and none that holds values is believed
    for (const char flip : {'\x01', '\x80', '\xFF'}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      try {
        EXPECT_TRUE(torch::equal(read(bad), torch::tensor({1.0f})));
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::data);
      }
    }
  }
}

TEST_F(ArrayTypes, NpzThatClaimsOrGrowsToMoreThanAFileMayHave) {
  data::FileLimits limits;
  limits.max_bytes = 1 << 20;
  const auto file =
      directory_.write("a.npz", zip({{"a.npy", npy("|u1", "(8388608,)", std::string(8 << 20, '\0'))}}, true));
  expect_error(ErrorKind::data, {"8388736 bytes", "`max-file-mib`"}, [&] { data::read_npy(file, limits); });
  // The same, where the archive says that it is small.
  std::string liar = testing::own_file(file);
  const size_t entry = liar.rfind("PK\x01\x02");
  liar.replace(entry + 24, 4, testing::little(100, 4));
  const auto lying = directory_.write("b.npz", liar);
  EXPECT_LT(testing::peak_growth(
                [&] { expect_error(ErrorKind::data, {"another size"}, [&] { data::read_npy(lying, limits); }); }),
            6 << 20);
}

TEST_F(ArrayTypes, NumbersTooSmallForADoubleAreZero) {
  const auto type = data::make_modality_type(entry("vector"));
  const Tensor values = type->load(cell("1e-400,-1e-400,0.5,1e-50," + ("0." + std::string(400, '0') + "1")), nullptr);
  EXPECT_TRUE(torch::equal(values, torch::tensor({0.0f, 0.0f, 0.5f, 0.0f, 0.0f})));
  EXPECT_TRUE(std::signbit(values[1].item<float>()));
  for (const std::string& large : std::vector<std::string>{"1e400", "-1e400", "1e39", "1" + std::string(400, '0'),
                                                           std::string("1e99999999999999999999")}) {
    expect_error(ErrorKind::data, {"finite number"}, [&] { type->load(cell("1," + large + ",1,1,1"), nullptr); });
  }
}

TEST_F(ArrayTypes, ImportersTakeThem) {
  const testing::TemporaryDirectory raw, target;
  for (const std::string place : {"train/a/1", "train/b/2"}) {
    raw.write(place + ".npz", zip({{"x.npy", npy("(3,)", {1, 2, 3})}}));
  }
  testing::run_importer(data::make_folders_importer(), raw.path(), target / "out");
  const auto manifest = std::make_shared<data::Manifest>(data::read_manifest(target / "out", 0));
  EXPECT_EQ(manifest->modalities.at(0).type, "tensor");
  EXPECT_TRUE(torch::equal(data::open_split(manifest, "train", {}, 0)->get(0, nullptr).inputs[0],
                           torch::tensor({1.0f, 2.0f, 3.0f})));
}

}  // namespace
}  // namespace pdmp
