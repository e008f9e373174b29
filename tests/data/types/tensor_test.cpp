#include "pdmp/tensor.h"

#include <gtest/gtest.h>

#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/npy.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::cell;
using testing::entry;
using testing::expect_error;
using testing::npy;
using testing::TemporaryDirectory;

TEST(TensorType, TakesItsShapeFromTheFirstSample) {
  const TemporaryDirectory directory;
  directory.write("a.npy", npy("(2, 3)", {1, 2, 3, 4, 5, 6}));
  directory.write("b.npy", npy("(3, 2)", {1, 2, 3, 4, 5, 6}));
  const auto type = make_modality_type(entry("tensor"));
  const Cell first = cell("a.npy", directory.path());
  EXPECT_EQ(type->shape(&first), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(type->load(first, nullptr)[1][0].item<float>(), 4);
  expect_error(ErrorKind::data, {"b.npy", "(2, 3)", "(3, 2)"},
               [&] { type->load(cell("b.npy", directory.path()), nullptr); });
}

TEST(TensorType, TakesItsShapeFromTheManifest) {
  const TemporaryDirectory directory;
  directory.write("a.npy", npy("(2, 3)", {1, 2, 3, 4, 5, 6}));
  const auto type = make_modality_type(entry("tensor", R"("shape": [2, 4])"));
  EXPECT_EQ(type->shape(nullptr), (std::vector<int64_t>{2, 4}));
  expect_error(ErrorKind::data, {"a.npy", "(2, 4)", "(2, 3)"},
               [&] { type->load(cell("a.npy", directory.path()), nullptr); });
}

TEST(TensorType, NeedsSomethingToReadTheShapeFrom) {
  const auto type = make_modality_type(entry("tensor"));
  expect_error(ErrorKind::data, {"modality 'm'", "every cell is empty"}, [&] { type->shape(nullptr); });
}

}  // namespace
}  // namespace pdmp::data
