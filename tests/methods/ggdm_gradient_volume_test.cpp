// Numbers from methods-modulation 9.
#include <cmath>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include "methods/ggdm.h"

namespace pdmp::methods {
namespace {

Tensor vector(const std::vector<double>& values) { return torch::tensor(values, torch::kDouble); }

Tensor matrix(double a, double b, double c, double d) { return vector({a, b, c, d}).reshape({2, 2}); }

// Vol(u, s, own): u and s of another modality.
double surrogate(const Tensor& u, const Tensor& s, const Tensor& own) {
  return surrogate_volume(gradient_moments({u}, {s}), gradient_moments({Tensor()}, {own}));
}

TEST(GradientVolume, SurrogateOfTheRelease) {
  EXPECT_NEAR(surrogate(vector({1, 0}), vector({0, 1}), vector({1, 1})), 2.449490, 1e-6);
  EXPECT_NEAR(surrogate(vector({1, 0, 0}), vector({0, 2, 0}), vector({0, 0, 3})), 6, 1e-12);
  EXPECT_EQ(surrogate(vector({1, 0}), vector({0, 1}), vector({0, 0})), 0);
  // Encoders of different size.
  EXPECT_NEAR(surrogate(vector({1, 0}), vector({0, 1}), vector({1, 1, 0})), 2.449490, 1e-6);
}

TEST(GradientVolume, TrueVolume) {
  EXPECT_NEAR(unit_volume(vector({1, 0}), vector({0, 1}), vector({1, 1})), 0, 1e-7);
  EXPECT_NEAR(unit_volume(vector({1, 0, 0}), vector({0, 2, 0}), vector({0, 0, 3})), 1, 1e-12);
  EXPECT_NEAR(unit_volume(vector({1, 0, 0}), vector({1, 1, 0}), vector({0, 0, 3})), std::sqrt(.5), 1e-12);
  EXPECT_EQ(unit_volume(vector({0, 0, 0}), vector({0, 2, 0}), vector({0, 0, 3})), 0);
  EXPECT_EQ(unit_volume(Tensor(), vector({0, 2, 0}), vector({0, 0, 3})), 0);
}

TEST(GradientVolume, MomentsAddUpOverTensors) {
  const GradientMoments moments =
      gradient_moments({vector({1, 2}), Tensor(), vector({3})}, {vector({4, 5}), vector({6}), Tensor()});
  EXPECT_EQ(moments.uu, 14);
  EXPECT_EQ(moments.us, 14);
  EXPECT_EQ(moments.ss, 77);
  EXPECT_EQ(moments.u_sum, 6);
  EXPECT_EQ(moments.s_sum, 15);
}

TEST(GradientVolume, Damping) {
  const Damping two = damping({2, 1}, .3);
  EXPECT_NEAR(two.share[0], .666667, 1e-6);
  EXPECT_NEAR(two.share[1], .333333, 1e-6);
  EXPECT_NEAR(two.factor[0], .417217, 1e-6);
  EXPECT_NEAR(two.factor[1], .678487, 1e-6);
  EXPECT_EQ(damping({2, .2}, .3).factor[1], 1);
  const Damping none = damping({0, 0, 0}, 0);
  EXPECT_NEAR(none.share[2], 1.0 / 3, 1e-12);
}

TEST(AlignmentLoss, PullsPredictionsTogether) {
  const Tensor both = torch::ones({2, 2}, torch::kBool);
  const Tensor first = matrix(2, 0, 1, 1), second = matrix(0, 0, 0, 1);
  EXPECT_NEAR(alignment_loss({first, second}, both).item<double>(), .065044, 1e-6);
  EXPECT_NEAR(alignment_loss({second, first}, both).item<double>(), .065044, 1e-6);
  EXPECT_NEAR(alignment_loss({first, first}, both).item<double>(), 0, 1e-12);
  EXPECT_NEAR(alignment_loss({first, first + 3, first}, torch::ones({2, 3}, torch::kBool)).item<double>(), 0, 1e-12);
}

TEST(AlignmentLoss, CountsWhatIsThere) {
  const Tensor first = matrix(2, 0, 1, 1).requires_grad_(), second = matrix(0, 0, 0, 1), third = matrix(5, 1, -2, 9);
  Tensor present = torch::ones({2, 3}, torch::kBool);
  present.select(1, 2).fill_(false);
  EXPECT_NEAR(alignment_loss({first, second, third}, present).item<double>(), .065044, 1e-6);
  present.select(1, 1).fill_(false);
  EXPECT_NEAR(alignment_loss({first, second, third}, present).item<double>(), 0, 1e-12);
  present.fill_(false);
  const Tensor nothing = alignment_loss({first, second * NAN, third}, present);
  EXPECT_EQ(nothing.item<double>(), 0);
  EXPECT_TRUE(torch::autograd::grad({nothing}, {first})[0].isfinite().all().item<bool>());
}

TEST(AlignmentLoss, BearsSurePredictions) {
  const Tensor first = (matrix(2, 0, 1, 0) * 1e4).requires_grad_(), second = matrix(0, 1, 0, 1) * 1e4;
  const Tensor loss = alignment_loss({first, second}, torch::ones({2, 2}, torch::kBool));
  EXPECT_TRUE(loss.isfinite().item<bool>());
  EXPECT_TRUE(torch::autograd::grad({loss}, {first})[0].isfinite().all().item<bool>());
}

TEST(Belief, RowsOfAHead) {
  const Tensor weights = belief(matrix(2, 0, 1, 1), 10);
  EXPECT_NEAR(weights[0].item<double>(), 3.6256, 1e-4);
  EXPECT_NEAR(weights[1].item<double>(), 2.1383, 1e-4);
  EXPECT_EQ(belief(matrix(20, -20, 20, -20), 10)[1].item<double>(), .5);
}

}  // namespace
}  // namespace pdmp::methods
