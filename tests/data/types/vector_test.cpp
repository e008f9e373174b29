#include <gtest/gtest.h>

#include "data/types/entry.h"
#include "pdmp/torch.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

using testing::cell;
using testing::entry;
using testing::expect_error;

ModalityEntry columns(std::vector<std::string> names) {
  ModalityEntry result = entry("vector");
  result.columns = std::move(names);
  return result;
}

TEST(VectorType, ReadsNumbers) {
  const auto type = make_modality_type(columns({"a0", "a1", "a2"}));
  EXPECT_EQ(type->shape(nullptr), (std::vector<int64_t>{3}));
  EXPECT_TRUE(torch::equal(type->load(cell("1, -2.5e1,+.5"), nullptr), torch::tensor({1.0f, -25.0f, 0.5f})));
  EXPECT_TRUE(type->files(cell("1,2,3")).empty());
}

TEST(VectorType, CountsTheFirstCellWhereThereAreNoColumns) {
  const auto type = make_modality_type(entry("vector"));
  const Cell first = cell("1,2");
  EXPECT_EQ(type->shape(&first), (std::vector<int64_t>{2}));
  expect_error(ErrorKind::data, {"expected 2 numbers", "found 3"}, [&] { type->load(cell("1,2,3"), nullptr); });
  expect_error(ErrorKind::data, {"every cell is empty"}, [] { make_modality_type(entry("vector"))->shape(nullptr); });
}

TEST(VectorType, NamesTheColumnThatIsNoNumber) {
  const auto type = make_modality_type(columns({"a0", "a1"}));
  for (const char* bad : {"nan", "inf", "-inf", "", "x", "1x", "1e999", "1e300", "0x10", "+-1"}) {
    expect_error(ErrorKind::data, {"modality 'm'", "column 'a1'", std::string("'") + bad + "'"},
                 [&] { type->load(cell(std::string("1,") + bad), nullptr); });
  }
}

}  // namespace
}  // namespace pdmp::data
