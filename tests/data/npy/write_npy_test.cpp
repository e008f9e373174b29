#include "data/npy/write_npy.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
#include "data/npy/npy.h"
#include "pdmp/torch.h"
#include "support/expect_error.h"
#include "support/npy.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::npy;
using testing::TemporaryDirectory;

// To the byte what NumPy's own layout asks for, which tests/support/npy.h writes independently.
TEST(WriteNpy, WritesWhatNumpyDoes) {
  const TemporaryDirectory directory;
  const auto path = directory / "a.npy";
  const std::vector<float> values = {1, -2.5f, 3, 4, 5, 1e-30f};
  write_npy(path, torch::tensor(values).reshape({2, 3}));
  const std::string bytes = read_file(path);
  EXPECT_EQ(bytes.size(), 128u + 24u);
  EXPECT_EQ(bytes, npy("(2, 3)", values));
  write_npy(path, torch::tensor(values));
  EXPECT_EQ(read_file(path), npy("(6,)", values));
  write_npy(path, torch::tensor(values[1]));
  EXPECT_EQ(read_file(path), npy("()", {values[1]}));
}

TEST(WriteNpy, WholeNumbersStayWhole) {
  const TemporaryDirectory directory;
  const auto path = directory / "a.npy";
  write_npy(path, torch::tensor({int64_t{3}, int64_t{-1}}));
  EXPECT_EQ(read_file(path), npy("<i8", "(2,)", std::string("\3\0\0\0\0\0\0\0", 8) + std::string(8, '\xFF')));
}

TEST(WriteNpy, ViewsComeOutInTheirOwnOrder) {
  const TemporaryDirectory directory;
  const Tensor view = torch::arange(6, torch::kFloat32).reshape({2, 3}).t();
  write_npy(directory / "a.npy", view);
  EXPECT_TRUE(torch::equal(read_npy(directory / "a.npy"), view));
  const Tensor inside = torch::arange(24, torch::kFloat32).reshape({2, 3, 4}).slice(2, 1, 3);
  write_npy(directory / "a.npy", inside);
  EXPECT_TRUE(torch::equal(read_npy(directory / "a.npy"), inside));
}

TEST(WriteNpy, SaysWhatIsWrong) {
  const TemporaryDirectory directory;
  expect_error(ErrorKind::usage, {"float32", "Byte"},
               [&] { write_npy(directory / "a.npy", torch::zeros({2}, torch::kUInt8)); });
  EXPECT_FALSE(std::filesystem::exists(directory / "a.npy"));
  expect_error(ErrorKind::io, {"absent/a.npy"}, [&] { write_npy(directory / "absent/a.npy", torch::zeros({2})); });
}

}  // namespace
}  // namespace pdmp::data
