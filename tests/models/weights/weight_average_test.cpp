#include "models/weights/weight_average.h"

#include <gtest/gtest.h>

namespace pdmp::models {
namespace {

Tensor numbers(double a, double b) { return at::tensor({a, b}, at::kDouble); }

// AveragedModel of PyTorch 2.13 with get_ema_multi_avg_fn(0.9): 1; .9 * 1 + .1 * 2 = 1.1; .9 * 1.1 + .1 * 4 = 1.39.
TEST(WeightAverage, TheFirstUpdateTakesTheWeightsAndLaterOnesATenth) {
  const Tensor weight = numbers(7, 70);
  WeightAverage average({weight}, 0.9);
  EXPECT_TRUE(average.values()[0].equal(numbers(7, 70)));
  weight.copy_(numbers(1, 10));
  average.update(true);
  EXPECT_TRUE(average.values()[0].equal(numbers(1, 10)));
  weight.copy_(numbers(2, 20));
  average.update(false);
  EXPECT_TRUE(average.values()[0].allclose(numbers(1.1, 11), 1e-15));
  weight.copy_(numbers(4, 40));
  average.update(false);
  EXPECT_TRUE(average.values()[0].allclose(numbers(1.39, 13.9), 1e-15));
  EXPECT_TRUE(weight.equal(numbers(4, 40)));
}

TEST(WeightAverage, ExchangedTwiceAllIsAsBefore) {
  const Tensor weight = numbers(1, 2).requires_grad_();
  WeightAverage average({weight}, 0.5);
  {
    const torch::NoGradGuard no_gradients;
    weight.copy_(numbers(3, 6));
  }
  average.update(false);
  {
    const AveragedWeights averaged(&average);
    EXPECT_TRUE(weight.equal(numbers(2, 4)));
    EXPECT_TRUE(average.values()[0].equal(numbers(3, 6)));
  }
  EXPECT_TRUE(weight.equal(numbers(3, 6)));
  EXPECT_TRUE(average.values()[0].equal(numbers(2, 4)));
  const AveragedWeights none(nullptr);
  EXPECT_TRUE(weight.equal(numbers(3, 6)));
}

}  // namespace
}  // namespace pdmp::models
