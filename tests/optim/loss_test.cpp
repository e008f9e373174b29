#include "optim/loss.h"

#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "support/expect_error.h"
#include "support/numeric_gradient.h"

namespace pdmp::optim {
namespace {

Tensor two_rows() { return at::tensor({1.0, 0.0, -1.0, 0.0, 2.0, 0.0}, at::kDouble).reshape({2, 3}); }
const Tensor kLabels = at::tensor({0, 1}, at::kLong);

double mean(const std::string& spec, const Tensor& weights = {}) {
  return make_loss(spec)->mean(two_rows(), kLabels, weights, 0).item<double>();
}

// Probabilities of the true classes .665240956 and .786986042, negative logarithms .407605964 and .239544766.
TEST(Loss, FocalOfTwoSamples) {
  EXPECT_NEAR(mean("cross_entropy"), 0.323575365333, 1e-12);
  EXPECT_NEAR(mean("focal"), 0.028273564928, 1e-12);            // gamma 2: mean of .045677799 and .010869331
  EXPECT_NEAR(mean("focal:gamma=0.5"), 0.173196143267, 1e-12);  // of .235834148 and .110558138
  EXPECT_NEAR(mean("focal:gamma=5"), 0.000909314287, 1e-12);
}

// (1 * .045677799 + 3 * .010869331) / 4
TEST(Loss, FocalWithClassWeights) {
  const Tensor weights = at::tensor({1.0, 3.0, 2.0}, at::kDouble);
  EXPECT_NEAR(mean("focal", weights), 0.019571447908, 1e-12);
  EXPECT_NEAR(mean("cross_entropy", weights), 0.281560065778, 1e-12);
}

TEST(Loss, FocalOfGammaZeroIsCrossEntropy) {
  const Tensor weights = at::tensor({1.0, 3.0, 2.0}, at::kDouble);
  EXPECT_NEAR(mean("focal:gamma=0"), mean("cross_entropy"), 1e-15);
  EXPECT_NEAR(mean("focal:gamma=0", weights), mean("cross_entropy", weights), 1e-15);
}

TEST(Loss, GradientsOfFocal) {
  const Tensor weights = at::tensor({1.0, 3.0, 2.0}, at::kDouble);
  for (const char* spec : {"focal", "focal:gamma=0.5", "focal:gamma=0", "focal:gamma=5"}) {
    const Tensor logits = two_rows().requires_grad_();
    testing::expect_gradients({logits}, [&] { return make_loss(spec)->mean(logits, kLabels, weights, 0); });
  }
}

// A sample without any doubt: the power's derivative is infinite there, the loss's is 0.
TEST(Loss, FocalOfACertainSampleHasAFiniteGradient) {
  for (const char* spec : {"focal", "focal:gamma=0.5"}) {
    const Tensor logits = at::tensor({200.f, 0.f}).reshape({1, 2}).requires_grad_();
    const Tensor loss = make_loss(spec)->mean(logits, at::zeros({1}, at::kLong), {}, 0);
    loss.backward();
    EXPECT_EQ(loss.item<float>(), 0) << spec;
    EXPECT_TRUE(logits.grad().eq(0).all().item<bool>()) << spec;
  }
}

TEST(Loss, UnknownOnesAreNamed) {
  testing::expect_error(ErrorKind::usage, {"`loss`", "foacl", "did you mean 'focal'"}, [] { make_loss("foacl"); });
  testing::expect_error(ErrorKind::usage, {"gamma", "-1"}, [] { make_loss("focal:gamma=-1"); });
}

}  // namespace
}  // namespace pdmp::optim
