#include <gtest/gtest.h>

#include "methods/udml.h"

namespace pdmp::methods {
namespace {

const ModalityInfo kVector{"v", "vector", {1000}};
const ModalityInfo kImage{"i", "image", {3, 24, 24}};

TEST(InputNoise, LevelsBelongToSamples) {
  const std::vector<ModalityInfo> infos = {kVector, kImage, {"t", "text", {8}}};
  const Tensor index = at::arange(4000), levels = noise_levels(index, infos, 7);
  ASSERT_EQ(levels.sizes(), at::IntArrayRef({4000, 3}));
  const Tensor some = at::tensor({17, 3, 3999}, at::kLong);
  EXPECT_TRUE(noise_levels(some, infos, 7).equal(levels.index_select(0, some)));
  EXPECT_FALSE(noise_levels(index, infos, 8).equal(levels));
  EXPECT_TRUE(levels.select(1, 2).eq(1).all().item<bool>());
  EXPECT_EQ(levels.min().item<float>(), 1);
  EXPECT_EQ(levels.max().item<float>(), 11);
  // Half of them clean; of the others a level each in 11 equal parts.
  const Tensor pair = levels.slice(1, 0, 2);
  EXPECT_NEAR(pair.eq(1).all(1).to(at::kDouble).mean().item<double>(), .5 + .5 / 121, .03);
  for (int level = 2; level <= 11; ++level)
    EXPECT_NEAR(levels.select(1, 0).eq(level).to(at::kDouble).mean().item<double>(), .5 / 11, .012) << level;
}

TEST(InputNoise, AddsItsLevelToNumbers) {
  torch::manual_seed(1);
  const Tensor x = at::full({3, 1000}, 5.0f);
  const Tensor noisy = with_noise(x, kVector, at::tensor({1.0f, 4.0f, 11.0f}));
  EXPECT_TRUE(noisy[0].equal(x[0]));
  EXPECT_NEAR((noisy[1] - 5).std().item<double>(), 4, .4);
  EXPECT_NEAR(noisy[1].mean().item<double>(), 5, .6);
  EXPECT_NEAR(noisy[2].std().item<double>(), 11 * 25.5, 30);
  EXPECT_NEAR(noisy[2].mean().item<double>(), 0, 40);  // nothing is left of the fives
}

TEST(InputNoise, PicturesInGreyValues) {
  torch::manual_seed(1);
  const Tensor mean = at::tensor({0.485f, 0.456f, 0.406f}).view({3, 1, 1}),
               deviation = at::tensor({0.229f, 0.224f, 0.225f}).view({3, 1, 1});
  const Tensor grey = at::full({2, 3, 24, 24}, 128 / 255.0f);
  const Tensor x = (grey - mean) / deviation;
  const Tensor noisy = with_noise(x, kImage, at::tensor({3.0f, 11.0f}));
  const Tensor seen = (noisy * deviation + mean) * 255;
  EXPECT_NEAR((seen[0] - 128).std().item<double>(), 9, .8);
  EXPECT_LT((seen[0][0] - seen[0][2]).abs().max().item<double>(), 1e-2);  // the same in every channel
  EXPECT_GT(seen.min().item<double>(), -1e-2);
  EXPECT_LT(seen.max().item<double>(), 255 + 1e-2);
  const Tensor extreme = seen[1].lt(1).logical_or(seen[1].gt(254));
  EXPECT_GT(extreme.to(at::kDouble).mean().item<double>(), .9);
}

TEST(InputNoise, FramesAndFlow) {
  torch::manual_seed(1);
  const ModalityInfo flow{"f", "flow", {2, 3, 8, 8}};
  const Tensor x = at::zeros({2, 2, 3, 8, 8});
  const Tensor noisy = with_noise(x, flow, at::tensor({1.0f, 5.0f}));
  EXPECT_TRUE(noisy[0].equal(x[0]));
  EXPECT_NEAR(noisy[1].std().item<double>(), 25 / 255.0 / .25, .08);
  EXPECT_FALSE(noisy[1][0][0].equal(noisy[1][0][1]));  // every frame has its own
}

TEST(InputNoise, CleanRowsAndTextStayAsTheyAre) {
  const Tensor text = at::ones({2, 8}, at::kLong), x = at::randn({2, 1000});
  EXPECT_TRUE(with_noise(text, {"t", "text", {8}}, at::tensor({5.0f, 11.0f})).equal(text));
  EXPECT_TRUE(with_noise(x, kVector, at::ones(2)).equal(x));
}

}  // namespace
}  // namespace pdmp::methods
