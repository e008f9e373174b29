#include "data/features/rotate.h"

#include <cmath>
#include <gtest/gtest.h>

#include "support/pattern_picture.h"

namespace pdmp::data {
namespace {

using testing::byte_sum;
using testing::pattern;
using testing::Pixel;
using testing::pixel;

// 0.8 of 20x30 is its middle 16x24, two rows and three columns from the edge.
TEST(Rotate, ByNothingCutsTheMiddle) {
  const Tensor picture = pattern(20, 30);
  EXPECT_TRUE(torch::equal(rotate(picture, 0), picture.narrow(0, 2, 16).narrow(1, 3, 24)));
}

// A red point right of the centre is below it after a quarter turn.
TEST(Rotate, TurnsClockwise) {
  const Tensor picture = torch::zeros({20, 20, 1}, torch::kUInt8);
  picture[10][15] = 200;
  const Tensor turned = rotate(picture, 90);
  ASSERT_EQ(turned.sizes(), (std::vector<int64_t>{16, 16, 1}));
  EXPECT_EQ(turned[8 + 5][8].item<int64_t>(), 200);
  EXPECT_EQ(byte_sum(turned), 200);
}

// OpenCV's warpAffine of the same pictures, about (W / 2, H / 2), into the same frame. Its places are rounded.
TEST(Rotate, GivesValuesOfOpenCv) {
  const Tensor right = rotate(pattern(20, 30), 17);
  ASSERT_EQ(right.sizes(), (std::vector<int64_t>{22, 27, 3}));
  EXPECT_NEAR(byte_sum(right), 200603, 20);
  EXPECT_EQ(pixel(right, 2, 8), (Pixel{110, 141, 172}));
  EXPECT_EQ(pixel(right, 8, 10), (Pixel{181, 164, 18}));
  EXPECT_EQ(pixel(right, 15, 20), (Pixel{92, 123, 154}));
  const Tensor left = rotate(pattern(20, 30), -30);
  ASSERT_EQ(left.sizes(), (std::vector<int64_t>{25, 28, 3}));
  EXPECT_NEAR(byte_sum(left), 204372, 20);
  EXPECT_EQ(pixel(left, 2, 8), (Pixel{0, 0, 0}));  // black, where there is no picture
  EXPECT_EQ(pixel(left, 8, 10), (Pixel{171, 196, 227}));
  EXPECT_EQ(pixel(left, 15, 20), (Pixel{141, 172, 203}));
  const Tensor large = rotate(pattern(144, 144), 30);
  ASSERT_EQ(large.sizes(), (std::vector<int64_t>{157, 157, 3}));
  EXPECT_NEAR(byte_sum(large), 7240251, 200);
  EXPECT_EQ(pixel(large, 78, 78), (Pixel{216, 181, 54}));
}

TEST(Rotate, AgreesWithLibTorch) {
  const Tensor picture = pattern(31, 44);
  for (const double degrees : {-71.5, -12.0, 3.0, 45.0}) {
    const Tensor ours = rotate(picture, degrees);
    const double s = std::sin(degrees * M_PI / 180), c = std::cos(degrees * M_PI / 180);
    const Tensor
        down =
            (torch::arange(ours.size(0), torch::kFloat64) - 0.5 * static_cast<double>(ours.size(0))).reshape({-1, 1}),
        across =
            (torch::arange(ours.size(1), torch::kFloat64) - 0.5 * static_cast<double>(ours.size(1))).reshape({1, -1});
    // Places in pixels, then from -1 to 1 between the middles of the outermost pixels.
    const Tensor x = (c * across + s * down + 22) / 43 * 2 - 1, y = (c * down - s * across + 15.5) / 30 * 2 - 1;
    constexpr int64_t kBilinear = 0, kZeros = 0;
    const Tensor theirs = at::grid_sampler(picture.permute({2, 0, 1}).unsqueeze(0).to(torch::kFloat64),
                                           torch::stack({x, y}, -1).unsqueeze(0), kBilinear, kZeros, true)[0];
    EXPECT_LE((ours.permute({2, 0, 1}).to(torch::kFloat64) - theirs).abs().max().item<double>(), 0.5 + 1e-9) << degrees;
  }
}

}  // namespace
}  // namespace pdmp::data
