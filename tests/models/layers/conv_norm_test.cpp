#include "models/layers/conv_norm.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "models/layers/winograd.h"

namespace pdmp::models {
namespace {

struct Layers {
  torch::nn::Conv2d conv;
  torch::nn::BatchNorm2d norm;
};

// With running statistics and weights that are not the identity.
Layers layers(bool bias, int64_t groups) {
  torch::manual_seed(3);
  Layers made{torch::nn::Conv2d(torch::nn::Conv2dOptions(6, 12, 3).stride(2).padding(1).groups(groups).bias(bias)),
              torch::nn::BatchNorm2d(12)};
  const torch::NoGradGuard no_grad;
  made.norm->weight.normal_(1, 0.3);
  made.norm->bias.normal_();
  made.norm->running_mean.normal_();
  made.norm->running_var.uniform_(0.2, 3);
  return made;
}

TEST(ConvNorm, FoldedEvaluationIsThePlainOneToRounding) {
  for (const bool bias : {false, true}) {
    for (const int64_t groups : {1, 6}) {
      Layers both = layers(bias, groups);
      both.norm->eval();
      const Tensor x = torch::randn({3, 6, 9, 7}), added = torch::randn({3, 12, 5, 4});
      const torch::NoGradGuard no_grad;
      const Tensor plain = both.norm->forward(both.conv->forward(x));
      const auto error = [](const Tensor& found, const Tensor& expected) {
        return ((found - expected).norm() / expected.norm()).item<double>();
      };
      EXPECT_LT(error(conv_norm(both.conv, both.norm, x, {.relu = false}), plain), 1e-6);
      EXPECT_LT(error(conv_norm(both.conv, both.norm, x, {.relu = true}), plain.relu()), 1e-6);
      EXPECT_LT(error(conv_norm(both.conv, both.norm, x, {.relu = true, .added = added}), (plain + added).relu()),
                1e-6);
    }
  }
}

// 3x3 with stride 1 on maps that winograd() takes: in training, in evaluation, and with a bias.
TEST(ConvNorm, PlainConvolutionsGoAnotherWayToTheSameNumbers) {
  const auto rows = torch::MemoryFormat::ChannelsLast;
  for (const bool bias : {false, true}) {
    torch::manual_seed(4);
    torch::nn::Conv2d conv(torch::nn::Conv2dOptions(32, 64, 3).padding(1).bias(bias));
    conv->weight.set_data(conv->weight.contiguous(rows));
    torch::nn::BatchNorm2d norm(64);
    const Tensor x = torch::randn({4, 32, 14, 13}).contiguous(rows),
                 added = torch::randn({4, 64, 14, 13}).contiguous(rows);
    ASSERT_TRUE(fits_winograd(*conv, x));
    for (const bool training : {true, false}) {
      norm->train(training);
      const torch::NoGradGuard no_grad;
      const Tensor expected = (norm->forward(at::conv2d(x, conv->weight, conv->bias, 1, 1)) + added).relu();
      const Tensor found = conv_norm(conv, norm, x, {.relu = true, .added = added});
      EXPECT_LT(((found - expected).norm() / expected.norm()).item<double>(), 3e-6) << bias << training;
    }
  }
}

TEST(ConvNorm, FoldingFollowsTheWeights) {
  Layers both = layers(false, 1);
  both.norm->eval();
  const torch::NoGradGuard no_grad;
  const Tensor x = torch::randn({1, 6, 5, 5});
  const Tensor before = conv_norm(both.conv, both.norm, x, {.relu = false});
  both.norm->bias.add_(1);
  EXPECT_TRUE(torch::allclose(conv_norm(both.conv, both.norm, x, {.relu = false}), before + 1, 1e-5, 1e-5));
}

// Adding must not write into what is added: the block before still holds it.
TEST(ConvNorm, LeavesItsInputsAlone) {
  Layers both = layers(false, 1);
  const Tensor x = torch::randn({2, 6, 6, 6}), added = torch::randn({2, 12, 3, 3});
  const Tensor x_before = x.clone(), added_before = added.clone();
  for (const bool training : {true, false}) {
    both.norm->train(training);
    const torch::NoGradGuard no_grad;
    conv_norm(both.conv, both.norm, x, {.relu = true, .added = added});
    EXPECT_TRUE(torch::equal(x, x_before));
    EXPECT_TRUE(torch::equal(added, added_before));
  }
}

TEST(ConvNorm, EvaluationWithGradientsReachesEveryParameter) {
  Layers both = layers(false, 1);
  both.norm->eval();
  conv_norm(both.conv, both.norm, torch::randn({2, 6, 6, 6}), {.relu = false}).square().sum().backward();
  EXPECT_TRUE(both.conv->weight.grad().defined());
  EXPECT_TRUE(both.norm->weight.grad().defined());
}

}  // namespace
}  // namespace pdmp::models
