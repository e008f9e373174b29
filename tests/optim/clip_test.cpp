#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "pdmp/optimizer.h"

namespace pdmp::optim {
namespace {

std::vector<Tensor> with_gradients(const std::vector<double>& gradients) {
  std::vector<Tensor> parameters;
  for (const double gradient : gradients) {
    parameters.push_back(at::zeros({1}, at::kDouble).requires_grad_(true));
    parameters.back().mutable_grad() = at::full({1}, gradient, at::kDouble);
  }
  return parameters;
}

TEST(ClipGradients, ScalesAllByOneFactor) {
  const std::vector<Tensor> parameters = with_gradients({3, -4});
  EXPECT_NEAR(clip_gradients(parameters, 2.5), 5, 1e-12);
  EXPECT_NEAR(parameters[0].grad().item<double>(), 1.5, 1e-12);
  EXPECT_NEAR(parameters[1].grad().item<double>(), -2, 1e-12);
}

TEST(ClipGradients, LeavesSmallOnesAlone) {
  const std::vector<Tensor> parameters = with_gradients({3, 4});
  EXPECT_NEAR(clip_gradients(parameters, 5), 5, 1e-12);
  EXPECT_EQ(parameters[0].grad().item<double>(), 3);
}

TEST(ClipGradients, SkipsUndefinedOnes) {
  std::vector<Tensor> parameters = with_gradients({3, 4});
  parameters.push_back(at::zeros({2}, at::kDouble).requires_grad_(true));
  EXPECT_NEAR(clip_gradients(parameters, 1), 5, 1e-12);
  EXPECT_FALSE(parameters[2].grad().defined());
  EXPECT_EQ(clip_gradients({parameters[2]}, 1), 0);
}

TEST(ClipGradients, NormThatIsNotFiniteScalesNothing) {
  for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    const std::vector<Tensor> parameters = with_gradients({3, bad});
    EXPECT_FALSE(std::isfinite(clip_gradients(parameters, 1)));
    EXPECT_EQ(parameters[0].grad().item<double>(), 3);
  }
}

}  // namespace
}  // namespace pdmp::optim
