#include <gtest/gtest.h>
#include <vector>

#include "methods/udml.h"

namespace pdmp::methods {
namespace {

Tensor row(const std::vector<double>& values) { return at::tensor(values, at::kDouble).unsqueeze(0); }

Tensor log_variances(const std::vector<double>& levels) { return 2 * row(levels).log(); }

Tensor all_present(int64_t modalities) { return at::ones({1, modalities}, at::kBool); }

void expect_row(const Tensor& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.sizes(), at::IntArrayRef({1, static_cast<int64_t>(expected.size())}));
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(found[0][static_cast<int64_t>(i)].item<double>(), expected[i], 1e-6) << i;
}

TEST(DynamicWeights, OfTwoModalities) {
  const Tensor u = inverse_variance_weights(log_variances({2, 1}), all_present(2));
  expect_row(u, {.4, 1.6});
  const Tensor v = weights_over_dependency(u, at::tensor({32.0, 10.0}, at::kDouble), all_present(2));
  expect_row(v, {.144928, 1.855072});
  expect_row(1 + v, {1.144928, 2.855072});
}

// M = 2: u_1 = 2 n_2^2 / (n_1^2 + n_2^2).
TEST(DynamicWeights, GeneralFormIsThatOfTwo) {
  for (const auto& [first, second] : std::vector<std::pair<double, double>>{{1, 1}, {3, 7}, {11, .2}}) {
    const double squares = first * first + second * second;
    expect_row(inverse_variance_weights(log_variances({first, second}), all_present(2)),
               {2 * second * second / squares, 2 * first * first / squares});
  }
}

TEST(DynamicWeights, SumToTheNumberOfModalities) {
  const Tensor u = inverse_variance_weights(log_variances({2, 1, 5}), all_present(3));
  EXPECT_NEAR(u.sum().item<double>(), 3, 1e-12);
  const Tensor v = weights_over_dependency(u, at::tensor({32.0, 10.0, .1}, at::kDouble), all_present(3));
  EXPECT_NEAR(v.sum().item<double>(), 3, 1e-12);
}

TEST(DynamicWeights, AbsentModalitiesHaveNone) {
  const Tensor present = at::tensor({1, 1, 0, 0, 0, 1, 0, 0, 0}).reshape({3, 3}).to(at::kBool);
  const Tensor levels = log_variances({2, 1, 9}).expand({3, 3});
  const Tensor dependency = at::tensor({32.0, 10.0, 10.0}, at::kDouble);
  const Tensor v = weights_over_dependency(inverse_variance_weights(levels, present), dependency, present);
  expect_row(v.slice(0, 0, 1), {.144928, 1.855072, 0});
  expect_row(v.slice(0, 1, 2), {0, 0, 1});
  expect_row(v.slice(0, 2, 3), {0, 0, 0});
}

TEST(DynamicWeights, ExtremesAreFinite) {
  const Tensor u = inverse_variance_weights(row({2000, -2000}), all_present(2));
  expect_row(u, {0, 2});
  expect_row(weights_over_dependency(u, at::tensor({1.0, 0.0}, at::kDouble), all_present(2)), {0, 2});
  expect_row(weights_over_dependency(row({2, 0}), at::tensor({0.0, 0.0}, at::kDouble), all_present(2)), {2, 0});
}

TEST(DynamicWeights, DivergenceFromNoise) {
  const Tensor mean = row({1, 0}).expand({2, 2}), deviation = row({1, 2}).expand({2, 2});
  const Tensor found = divergence_from_noise(mean, deviation, at::tensor({1.0, 4.0}, at::kDouble));
  EXPECT_NEAR(found[0].item<double>(), 1.306853, 1e-6);
  EXPECT_NEAR(found[1].item<double>(), .443147, 1e-6);
  const Tensor none = divergence_from_noise(at::zeros({1, 3, 2}), at::ones({1, 3, 2}), at::ones(1));
  EXPECT_NEAR(none.item<double>(), 0, 1e-6);
}

}  // namespace
}  // namespace pdmp::methods
