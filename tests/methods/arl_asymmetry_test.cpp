// Numbers from methods-collaborative 6.5.
#include <cmath>
#include <gtest/gtest.h>

#include "methods/arl.h"

namespace pdmp::methods {
namespace {

std::vector<Tensor> fixture(size_t modalities) {
  std::vector<Tensor> all = {torch::tensor({{2.0, 0.0, -1.0}, {1.0, 0.0, 0.0}}, torch::kDouble),
                             torch::tensor({{0.5, 0.0, 0.0}, {0.0, 0.2, 0.0}}, torch::kDouble),
                             torch::tensor({{0.0, 0.0, 3.0}, {1.0, 1.0, -1.0}}, torch::kDouble)};
  all.resize(modalities);
  return all;
}

Tensor everywhere(size_t modalities) { return torch::ones({2, static_cast<int64_t>(modalities)}, torch::kBool); }

AsymmetryRule rule(double temperature) {
  AsymmetryRule result;
  result.temperature = temperature;
  return result;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected, double tolerance = 1e-6) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << i;
}

TEST(Asymmetry, TwoModalities) {
  const Asymmetry eight = asymmetry(fixture(2), everywhere(2), rule(8));
  expect_near(eight.dependency, {2.0, 0.35});
  expect_near(eight.share, {0.851064, 0.148936});
  expect_near(eight.entropy, {0.749797, 1.081216});
  expect_near(eight.certainty, {0.590501, 0.409499});
  expect_near(eight.weight, {0.110613, 0.889387});
  expect_near(asymmetry(fixture(2), everywhere(2), rule(4)).weight, {0.260716, 0.739284});
}

TEST(Asymmetry, ThreeModalities) {
  const Asymmetry seen = asymmetry(fixture(3), everywhere(3), rule(4));
  expect_near(seen.share, {0.373832, 0.065421, 0.560748});
  expect_near(seen.certainty, {0.345870, 0.239853, 0.414277});
  expect_near(seen.weight, {0.339163, 0.344350, 0.316487});
}

TEST(Asymmetry, FloorOnShares) {
  expect_near(inverse_shares({0.1, 0.9}, 0.3), {0.75, 0.25}, 1e-12);
  expect_near(inverse_shares({0, 0}, 0.3), {0.5, 0.5}, 1e-12);
  expect_near(inverse_shares({0, 1}, 0), {1, 0}, 1e-7);
}

// By hand: certainty (mean of 1 / H) over its sum; exponent T q / d.
TEST(Asymmetry, OtherReadings) {
  AsymmetryRule other = rule(4);
  other.variance = ArlVariance::inverse_mean;
  other.ratio = ArlRatio::own;
  std::vector<double> inverse;
  for (const Tensor& logits : fixture(2)) {
    double sum = 0;
    for (int64_t row = 0; row < 2; ++row) {
      const Tensor p = logits[row].softmax(0);
      sum += 1 / -(p * p.log()).sum().item<double>();
    }
    inverse.push_back(sum / 2);
  }
  const double q = inverse[0] / (inverse[0] + inverse[1]);
  const double first = std::exp(4 * q / 2.0), second = std::exp(4 * (1 - q) / 0.35);
  const Asymmetry seen = asymmetry(fixture(2), everywhere(2), other);
  expect_near(seen.certainty, {q, 1 - q});
  expect_near(seen.weight, {first / (first + second), second / (first + second)});
}

TEST(Asymmetry, NothingIsDividedByNothing) {
  const Tensor zeros = torch::zeros({2, 3}, torch::kDouble);
  expect_near(asymmetry({zeros, zeros}, everywhere(2), rule(8)).weight, {0.5, 0.5}, 1e-12);
  const Tensor sure = torch::tensor({{1e4, 0.0, 0.0}, {0.0, 1e4, 0.0}}, torch::kDouble);
  expect_near(asymmetry({sure, sure}, everywhere(2), rule(8)).weight, {0.5, 0.5}, 1e-12);
  for (const ArlVariance variance : {ArlVariance::entropy_share, ArlVariance::inverse_mean}) {
    for (const ArlRatio ratio : {ArlRatio::other_share, ArlRatio::own}) {
      for (const double weight : asymmetry({sure, zeros, zeros}, everywhere(3), {8, 0, variance, ratio}).weight)
        EXPECT_TRUE(std::isfinite(weight));
    }
  }
}

TEST(Asymmetry, AbsentModalitiesAreLeftOut) {
  Tensor present = everywhere(3);
  present.select(1, 2).fill_(false);
  const Asymmetry two = asymmetry(fixture(3), present, rule(8));
  EXPECT_NEAR(two.weight[0], 0.110613, 1e-6);
  EXPECT_NEAR(two.weight[1], 0.889387, 1e-6);
  EXPECT_TRUE(std::isnan(two.weight[2]));
  present.select(1, 1).fill_(false);
  for (const double weight : asymmetry(fixture(3), present, rule(8)).weight) EXPECT_TRUE(std::isnan(weight));
  present.fill_(false);
  for (const double weight : asymmetry(fixture(3), present, rule(8)).weight) EXPECT_TRUE(std::isnan(weight));
  // Rows that lack a modality count for nothing.
  std::vector<Tensor> logits = fixture(2);
  present = everywhere(2);
  present[1][0] = false;
  const double before = asymmetry(logits, present, rule(8)).weight[0];
  logits[0][1].fill_(1e6);
  EXPECT_EQ(asymmetry(logits, present, rule(8)).weight[0], before);
}

}  // namespace
}  // namespace pdmp::methods
