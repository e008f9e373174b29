#include "models/layers/present_rows.h"

#include <gtest/gtest.h>

namespace pdmp::models {
namespace {

TEST(PresentRows, ScatterPutsRowsWhereTheyBelong) {
  const Tensor values = torch::tensor({{1.0F, 2.0F}, {3.0F, 4.0F}}).requires_grad_();
  const Tensor all = scatter_rows(values, torch::tensor({3, 1}), 4);
  EXPECT_TRUE(torch::equal(all, torch::tensor({{0.0F, 0.0F}, {3.0F, 4.0F}, {0.0F, 0.0F}, {1.0F, 2.0F}})));
  all.sum().backward();
  EXPECT_TRUE(torch::equal(values.grad(), torch::ones({2, 2})));
  EXPECT_FALSE(scatter_rows(Tensor(), torch::tensor({0}), 4).defined());
}

TEST(PresentRows, ZerosKeepShapeAndType) {
  const Tensor map = torch::ones({2, 3, 4, 5}, torch::kFloat64).requires_grad_();
  const Tensor zeros = zeros_like_row(map, 7);
  EXPECT_EQ(zeros.sizes(), (std::vector<int64_t>{7, 3, 4, 5}));
  EXPECT_EQ(zeros.scalar_type(), torch::kFloat64);
  EXPECT_FALSE(zeros.requires_grad());
  EXPECT_EQ(zeros.abs().sum().item<double>(), 0);
}

}  // namespace
}  // namespace pdmp::models
