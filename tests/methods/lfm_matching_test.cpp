// Numbers from methods-collaborative 7.3 and 7.5.
#include <gtest/gtest.h>

#include "methods/lfm.h"

namespace pdmp::methods {
namespace {

Tensor matrix(double a, double b, double c, double d) {
  return torch::tensor({a, b, c, d}, torch::kDouble).reshape({2, 2});
}

TEST(Matching, Divergences) {
  const Tensor p = torch::tensor({{.5, .5}}, torch::kDouble).log(), r = torch::tensor({{.9, .1}}, torch::kDouble).log();
  EXPECT_NEAR(reversed_js(p, r).item<double>(), .117973, 1e-6);
  EXPECT_NEAR(js(p, r).item<double>(), .101749, 1e-6);
  const Tensor a = matrix(1, 0, 0, 1), b = matrix(0, 1, 0, 2);
  EXPECT_NEAR(reversed_js(a, b).item<double>(), .069622, 1e-6);
  EXPECT_NEAR(js(a, b).item<double>(), .064625, 1e-6);
  EXPECT_EQ(js(a, a).item<double>(), 0);
  EXPECT_TRUE(torch::isfinite(reversed_js(1e4 * a, 1e4 * b)).item<bool>());
}

TEST(Matching, InfoNce) {
  const Tensor a = matrix(1, 0, 1, 1), b = matrix(1, 1, 0, 1);
  EXPECT_NEAR(info_nce(a, b, 1).item<double>(), .625556, 1e-6);
  EXPECT_NEAR(info_nce(a, b, .1).item<double>(), 1.490927, 1e-6);
  EXPECT_NEAR(info_nce(5 * a, b, .1).item<double>(), 1.490927, 1e-6);  // only directions count
  EXPECT_NEAR(info_nce(matrix(1, 0, 0, 1), matrix(1, 0, 0, 1), 1).item<double>(), .313262, 1e-6);
}

TEST(Matching, AFeatureOfZerosGetsNoGradient) {
  const Tensor a = matrix(0, 0, 1, 1).requires_grad_(), b = matrix(1, 2, 3, 1).requires_grad_();
  info_nce(a, b, .1).backward();
  EXPECT_TRUE(a.grad().isfinite().all().item<bool>());
  EXPECT_TRUE(b.grad().isfinite().all().item<bool>());
  EXPECT_EQ(a.grad()[0].abs().max().item<double>(), 0);
}

TEST(Matching, HeuristicWeight) {
  const std::pair<int64_t, double> expected[] = {{0, .632121}, {1, .393469},  {4, .181269},
                                                 {9, .095163}, {49, .019801}, {99, .009950}};
  for (const auto& [epoch, weight] : expected) EXPECT_NEAR(heuristic_weight(epoch), weight, 1e-6) << epoch;
}

TEST(Matching, FittedWeight) {
  const std::pair<int64_t, double> classification[] = {{0, .204624},   {10, .247759},  {50, .436681},
                                                       {100, .539155}, {150, .821314}, {199, .915989}};
  for (const auto& [epoch, weight] : classification) EXPECT_NEAR(fitted_weight(epoch, 200), 1 - weight, 1e-6) << epoch;
  EXPECT_EQ(fitted_weight(183, 200), .05);  // the polynomial is above 1 there
  EXPECT_NEAR(fitted_weight(99, 100), 1 - .915989, 1e-6);
  EXPECT_EQ(fitted_weight(120, 100), fitted_weight(99, 100));
  EXPECT_NEAR(fitted_weight(0, 1), 1 - .204624, 1e-6);
}

}  // namespace
}  // namespace pdmp::methods
