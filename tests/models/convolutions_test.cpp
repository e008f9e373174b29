#include "models/convolutions.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

namespace pdmp::models {
namespace {

TEST(Convolutions, FiltersOfOneTwoAndThreeDimensions) {
  const torch::nn::Conv1d series(torch::nn::Conv1dOptions(2, 3, 5));
  const torch::nn::Conv2d picture(torch::nn::Conv2dOptions(2, 3, 5));
  const torch::nn::Conv3d volume(torch::nn::Conv3dOptions(2, 3, 5));
  const torch::nn::Sequential network(series, torch::nn::BatchNorm1d(3), picture, volume, torch::nn::Linear(3, 2));
  const std::vector<Tensor> filters = convolution_filters(*network);
  ASSERT_EQ(filters.size(), 3U);
  EXPECT_TRUE(filters[0].is_same(series->weight));
  EXPECT_TRUE(filters[1].is_same(picture->weight));
  EXPECT_TRUE(filters[2].is_same(volume->weight));
}

}  // namespace
}  // namespace pdmp::models
