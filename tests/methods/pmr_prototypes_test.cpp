// Numbers from methods-modulation 5.
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "methods/pmr.h"

namespace pdmp::methods {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor row(double a, double b) { return at::tensor({a, b}, at::kDouble).reshape({1, 2}); }

Prototypes known(const Tensor& means) { return {means, at::ones({means.size(0)}, at::kBool), true}; }

void expect_values(const Tensor& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.numel(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(found.flatten()[static_cast<int64_t>(i)].item<double>(), expected[i], 1e-6) << i;
}

TEST(Prototypes, LogitsAreMinusDistances) {
  const Tensor first = prototype_logits(row(3, 0), known(at::cat({row(0, 0), row(3, 4)})));
  expect_values(first, {-3, -4});
  EXPECT_NEAR(first.softmax(1)[0][0].item<double>(), .731059, 1e-6);
  const Tensor second = prototype_logits(row(0, 2), known(at::cat({row(0, 0), row(0, 2)})));
  expect_values(second, {-2, 0});
  EXPECT_NEAR(second.softmax(1)[0][0].item<double>(), .119203, 1e-6);
}

TEST(Prototypes, GradientIsFiniteOnAPrototype) {
  Tensor z = row(0, 2).requires_grad_();
  const Tensor logits = prototype_logits(z, known(at::cat({row(0, 0), row(0, 2)})));
  const Tensor loss = at::cross_entropy_loss(logits, at::zeros({1}, at::kLong));
  EXPECT_NEAR(loss.item<double>(), 2.126928, 1e-6);
  loss.backward();
  expect_values(z.grad(), {0, .880797});
}

TEST(Prototypes, MeansOfBatches) {
  ClassMeans means(3, 2, at::zeros({}, at::kDouble));
  means.add(at::cat({row(1, 0), row(5, 5)}), at::tensor({0, 2}, at::kLong));
  means.add(at::zeros({0, 2}, at::kDouble), at::zeros({0}, at::kLong));
  means.add(row(3, 4), at::zeros({1}, at::kLong));
  const Prototypes found = means.result();
  expect_values(found.means, {2, 2, 0, 0, 5, 5});
  EXPECT_TRUE(found.known.equal(torch::tensor({true, false, true})));
  EXPECT_FALSE(found.complete);
}

TEST(Prototypes, MixKeepsWhatOnlyOneKnows) {
  const Prototypes fresh = {at::cat({row(2, 2), row(0, 0), row(7, 7)}), torch::tensor({true, false, true}), false};
  const Prototypes old = {at::cat({row(1, 1), row(4, 4), row(0, 0)}), torch::tensor({true, true, false}), false};
  const Prototypes mixed = mix(fresh, old, .2);
  expect_values(mixed.means, {1.8, 1.8, 4, 4, 7, 7});
  EXPECT_TRUE(mixed.complete);
}

TEST(Prototypes, UnknownClassesAreMasked) {
  const Prototypes two = {at::cat({row(0, 0), row(9, 9), row(0, 2)}), torch::tensor({true, false, true}), false};
  Tensor z = row(0, 1).requires_grad_();
  const Tensor logits = prototype_logits(z, two);
  expect_values(logits.softmax(1), {.5, 0, .5});
  const Tensor entropy = mean_entropy(logits);
  EXPECT_NEAR(entropy.item<double>(), std::log(2.0), 1e-6);
  entropy.backward();
  EXPECT_TRUE(z.grad().isfinite().all().item<bool>());
}

TEST(Prototypes, Lags) {
  const auto expect = [](const std::vector<double>& confidence, PmrMode mode, const std::vector<double>& expected) {
    const std::vector<double> found = lags(confidence, mode);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
  };
  expect({.731059, .119203}, PmrMode::hard, {0, 1});
  expect({.731059, .119203}, PmrMode::soft, {0, 1});
  expect({1.4, 1}, PmrMode::soft, {0, .4});
  expect({1, 1.4}, PmrMode::soft, {.4, 0});
  expect({2, 1, 1.6}, PmrMode::soft, {0, 1, .25});
  expect({2, 1, 1.6}, PmrMode::hard, {0, 1, 1});
  expect({.5, .5}, PmrMode::hard, {0, 0});
  expect({kNan, .5, .4}, PmrMode::hard, {0, 0, 1});
  expect({kNan, kNan}, PmrMode::soft, {0, 0});
  expect({.5, 0}, PmrMode::soft, {0, 1});
}

}  // namespace
}  // namespace pdmp::methods
