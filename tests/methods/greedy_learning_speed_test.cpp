// Numbers from methods-modulation 11.
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "methods/greedy.h"

namespace pdmp::methods {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

Tensor parameter(const std::vector<double>& values, const std::vector<double>& gradient) {
  Tensor result = torch::tensor(values, torch::kDouble).requires_grad_();
  if (!gradient.empty()) result.mutable_grad() = torch::tensor(gradient, torch::kDouble);
  return result;
}

TEST(RelativeStep, OfAllParametersTogether) {
  const std::vector<Tensor> parameters = {parameter({3, 4}, {1, 2}), parameter({5}, {5}), parameter({100}, {})};
  EXPECT_NEAR(relative_step(parameters).item<double>(), 30.0 / 50, 1e-12);
  EXPECT_EQ(relative_step({parameter({100}, {})}).item<double>(), 0);
  EXPECT_TRUE(std::isfinite(relative_step({parameter({0, 0}, {1, 1})}).item<double>()));
}

TEST(ConditionalSpeed, PaperNumbers) {
  const double first = conditional_speed({.04, .02}), second = conditional_speed({.01, .04});
  EXPECT_NEAR(first, -.301030, 1e-6);
  EXPECT_NEAR(second, .602060, 1e-6);
  EXPECT_NEAR(gap_of({first, second}), .903090, 1e-6);
  Rebalancing rebalancing(.01, 5);
  rebalancing.finish_step({first, second}, true);
  EXPECT_EQ(rebalancing.target(), 1u);
}

TEST(ConditionalSpeed, NothingSummedYet) {
  EXPECT_TRUE(std::isnan(conditional_speed({})));
  EXPECT_TRUE(std::isnan(conditional_speed({0, 1})));
  EXPECT_TRUE(std::isfinite(conditional_speed({1, 0})));
  EXPECT_EQ(gap_of({kNothing, kNothing}), 0);
  EXPECT_EQ(gap_of({kNothing, 1, 3}), 2);
}

TEST(Rebalancing, LastsForTheWindow) {
  Rebalancing rebalancing(.01, 5);
  rebalancing.finish_step({1, 0}, /*may_start=*/false);
  EXPECT_FALSE(rebalancing.target());
  rebalancing.finish_step({.005, 0}, true);  // not far enough
  EXPECT_FALSE(rebalancing.target());
  rebalancing.finish_step({1, 0}, true);
  int64_t held = 0;
  while (rebalancing.target()) {
    EXPECT_EQ(rebalancing.target(), 0u);
    rebalancing.finish_step({1, 0}, true);
    ++held;
  }
  EXPECT_EQ(held, 5);
  rebalancing.finish_step({0, 1}, true);
  EXPECT_EQ(rebalancing.target(), 1u);
}

TEST(Rebalancing, TheFastestOfThree) {
  Rebalancing rebalancing(.01, 1);
  rebalancing.finish_step({kNothing, -1, 2}, true);
  EXPECT_EQ(rebalancing.target(), 2u);
  rebalancing.resume(std::nullopt, 0);
  rebalancing.finish_step({kNothing, 3, 2}, true);
  EXPECT_EQ(rebalancing.target(), 1u);
  rebalancing.resume(std::nullopt, 0);
  rebalancing.finish_step({kNothing, kNothing, 2}, true);  // nothing to compare it with
  EXPECT_FALSE(rebalancing.target());
}

}  // namespace
}  // namespace pdmp::methods
