#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp::models {
namespace {

TEST(Conv1d, HalvesTheLengthAndDoublesTheChannels) {
  const auto encoder = make_encoder("conv1d:width=4:depth=3:kernel=3", {"imu", "tensor", {2, 21}});
  EXPECT_EQ(encoder->width(), 16);
  const Feature feature = encoder->forward(torch::randn({5, 2, 21}));
  EXPECT_EQ(feature.map.sizes(), (std::vector<int64_t>{5, 16, 1, 3}));
  EXPECT_TRUE(torch::allclose(feature.pooled, feature.map.mean({2, 3})));
  int64_t count = 0;
  for (const Tensor& parameter : encoder->parameters()) count += parameter.numel();
  EXPECT_EQ(count, 3 * (2 * 4 + 4 * 8 + 8 * 16) + 2 * (4 + 8 + 16));
}

TEST(Conv1d, TakesTheShortestSeries) {
  const auto encoder = make_encoder("conv1d", {"imu", "tensor", {1, 1}});
  EXPECT_EQ(encoder->forward(torch::randn({2, 1, 1})).pooled.sizes(), (std::vector<int64_t>{2, encoder->width()}));
}

TEST(Conv1d, RefusesPictures) { EXPECT_THROW(make_encoder("conv1d", {"eye", "image", {3, 8, 8}}), Error); }

}  // namespace
}  // namespace pdmp::models
