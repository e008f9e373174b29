#include "data/npy/npy.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

#include "pdmp/torch.h"
#include "support/expect_error.h"
#include "support/npy.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::npy;
using testing::TemporaryDirectory;

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

TEST(ReadNpy, ReadsRowsInOrder) {
  const TemporaryDirectory directory;
  const auto path = directory.write("a.npy", npy("(2, 3)", {1, 2, 3, 4, 5, 6.5}));
  EXPECT_EQ(read_npy_shape(path), (std::vector<int64_t>{2, 3}));
  EXPECT_TRUE(torch::equal(read_npy(path), torch::tensor({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.5f}).reshape({2, 3})));
}

TEST(ReadNpy, ReadsEveryNumberType) {
  const TemporaryDirectory directory;
  const auto read = [&](const std::string& descr, const std::string& values) {
    return read_npy(directory.write("a.npy", npy(descr, "(2,)", values)));
  };
  const Tensor signed_values = torch::tensor({-5.0f, 100.0f}), unsigned_values = torch::tensor({5.0f, 200.0f});
  EXPECT_TRUE(torch::equal(read("<f4", raw<float>({-5, 100})), signed_values));
  EXPECT_TRUE(torch::equal(read("<f8", raw<double>({-5, 100})), signed_values));
  EXPECT_TRUE(torch::equal(read("|i1", raw<int8_t>({-5, 100})), signed_values));
  EXPECT_TRUE(torch::equal(read("<i2", raw<int16_t>({-5, 100})), signed_values));
  EXPECT_TRUE(torch::equal(read("<i4", raw<int32_t>({-5, 100})), signed_values));
  EXPECT_TRUE(torch::equal(read("<i8", raw<int64_t>({-5, 100})), signed_values));
  EXPECT_TRUE(torch::equal(read("|u1", raw<uint8_t>({5, 200})), unsigned_values));
  EXPECT_TRUE(torch::equal(read("<u2", raw<uint16_t>({5, 200})), unsigned_values));
  EXPECT_TRUE(torch::equal(read("<u4", raw<uint32_t>({5, 200})), unsigned_values));
  EXPECT_TRUE(torch::equal(read("<u8", raw<uint64_t>({5, 200})), unsigned_values));
}

TEST(ReadNpy, ReadsVersions2And3) {
  const TemporaryDirectory directory;
  for (const char version : {2, 3}) {
    std::string bytes = npy("(1, 2)", {1, 2});
    bytes[6] = version;
    bytes.insert(10, std::string(2, '\0'));  // the length has four bytes
    EXPECT_TRUE(torch::equal(read_npy(directory.write("a.npy", bytes)), torch::tensor({{1.0f, 2.0f}})));
  }
}

class ReadNpyRefuses : public ::testing::Test {
 protected:
  void expect_refused(const std::string& bytes, const std::vector<std::string>& words) {
    const auto path = directory_.write("bad.npy", bytes);
    std::vector<std::string> all = words;
    all.push_back(path.string());
    expect_error(ErrorKind::data, all, [&] { read_npy(path); });
  }
  TemporaryDirectory directory_;
};

TEST_F(ReadNpyRefuses, NumbersThatAreNotFinite) {
  std::vector<float> values(6, 1);
  values[5] = std::numeric_limits<float>::quiet_NaN();
  expect_refused(npy("(2, 3)", values), {"nan at [1, 2]"});
  values[1] = std::numeric_limits<float>::infinity();
  expect_refused(npy("(2, 3)", values), {"inf at [0, 1]"});
  expect_refused(npy("<f8", "(1,)", raw<double>({1e300})), {"inf at [0]"});  // not a float32
}

TEST_F(ReadNpyRefuses, OtherTypes) {
  expect_refused(npy("<c8", "(1,)", std::string(8, '\0')), {"<c8", "f4, f8", "astype"});
  expect_refused(npy("|O", "(1,)", std::string(8, '\0')), {"|O"});
}

TEST_F(ReadNpyRefuses, CutAndEmptyArrays) {
  const std::string whole = npy("(2, 3)", std::vector<float>(6, 1));
  expect_refused(whole.substr(0, whole.size() - 1), {"24 bytes", "23"});
  expect_refused(whole + "x", {"24 bytes", "25"});
  expect_refused(whole.substr(0, 40), {"cut after 40 bytes"});
  expect_refused(whole.substr(0, 8), {"cut after 8 bytes"});
  expect_refused("", {"0 bytes"});
  expect_refused("hello", {"unknown content"});
  expect_refused(npy("<f4", "(0, 3)", ""), {"(0, 3)"});
  expect_refused(npy("<f4", "()", std::string(4, '\0')), {"a single number"});
  expect_refused(npy("<f4", "(99999999999999, 99999999999999)", std::string(4, '\0')), {"shape"});
}

}  // namespace
}  // namespace pdmp::data
