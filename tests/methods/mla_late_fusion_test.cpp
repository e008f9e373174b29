// Numbers from methods-collaborative 2.6, test 3.
#include <gtest/gtest.h>

#include "methods/mla.h"

namespace pdmp::methods {
namespace {

Tensor matrix(double a, double b, double c, double d) { return at::tensor({a, b, c, d}, at::kDouble).reshape({2, 2}); }

const std::vector<Tensor>& logits() {
  static const std::vector<Tensor> values = {matrix(2, 0, 0, 0), matrix(0, 0, 0, 1)};
  return values;
}

TEST(LateFusion, EntropyWeightsEverySampleByItself) {
  const Tensor weights = entropy_weights(logits(), at::ones({2, 2}, at::kBool));
  EXPECT_TRUE(at::allclose(weights, matrix(.581227, 1 - .581227, .472292, 1 - .472292), 0, 1e-6)) << weights;
  EXPECT_TRUE(at::allclose(weighted_sum(logits(), weights), matrix(1.162454, 0, 0, .527708), 0, 1e-6));
}

TEST(LateFusion, AbsentModalitiesAreLeftOut) {
  const Tensor present = at::tensor({1, 0, 0, 0}).to(at::kBool).reshape({2, 2});
  for (const Tensor& weights : {entropy_weights(logits(), present), share_weights({.55, .45}, present, at::kDouble)}) {
    EXPECT_TRUE(at::equal(weights, matrix(1, 0, 0, 0))) << weights;
  }
}

TEST(LateFusion, SureLogitsHaveNoEntropy) {
  const std::vector<Tensor> sure = {matrix(1e4, 0, 0, 1e4), matrix(1, 1, 1, 1)};
  const Tensor weights = entropy_weights(sure, at::ones({2, 2}, at::kBool));
  EXPECT_NEAR(weights[0][0].item<double>(), 2. / 3, 1e-9);  // e^0 against e^-log 2
}

TEST(LateFusion, SharesAreRelative) {
  const Tensor present = at::tensor({1, 1, 1, 1, 0, 1}).to(at::kBool).reshape({2, 3});
  const Tensor weights = share_weights({2, 1, 1}, present, at::kDouble);
  const Tensor expected = at::tensor({.5, .25, .25, 2. / 3, 0., 1. / 3}, at::kDouble).reshape({2, 3});
  EXPECT_TRUE(at::allclose(weights, expected, 0, 1e-12)) << weights;
}

}  // namespace
}  // namespace pdmp::methods
