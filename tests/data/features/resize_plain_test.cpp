#include "data/features/resize_plain.h"

#include <gtest/gtest.h>

#include "data/features/resize.h"
#include "support/pattern_picture.h"

namespace pdmp::data {
namespace {

using testing::byte_sum;
using testing::pattern;
using testing::Pixel;
using testing::pixel;

// Sums and samples: OpenCV's output (4.6; 5.0 gives the same) for the same pictures.
TEST(ResizePlain, ShrinksAsOpenCv) {
  const Tensor picture = resize_plain(pattern(144, 128), 112, 112);
  EXPECT_EQ(byte_sum(picture), 4795612);
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{2, 33, 64}));
  EXPECT_EQ(pixel(picture, 56, 56), (Pixel{121, 152, 183}));
  EXPECT_EQ(pixel(picture, 111, 111), (Pixel{204, 201, 26}));
  EXPECT_EQ(pixel(picture, 3, 77), (Pixel{218, 231, 24}));
  EXPECT_EQ(byte_sum(resize_plain(pattern(200, 180), 112, 144)), 6166067);
}

TEST(ResizePlain, GrowsAsOpenCv) {
  const Tensor picture = resize_plain(pattern(60, 50), 144, 144);
  EXPECT_EQ(byte_sum(picture), 7909337);
  EXPECT_EQ(pixel(picture, 56, 56), (Pixel{222, 36, 66}));
  EXPECT_EQ(pixel(picture, 111, 111), (Pixel{161, 192, 223}));
  EXPECT_EQ(pixel(picture, 143, 143), (Pixel{91, 122, 153}));
}

TEST(ResizePlain, ShrinksOneSideAndGrowsTheOther) {
  const Tensor picture = resize_plain(pattern(37, 91), 64, 80);
  EXPECT_EQ(byte_sum(picture), 1947437);
  EXPECT_EQ(pixel(picture, 32, 40), (Pixel{95, 126, 157}));
  EXPECT_EQ(pixel(picture, 63, 79), (Pixel{123, 154, 185}));
}

// Places at half pixels, the edge repeated: what LibTorch computes in floating point.
TEST(ResizePlain, AgreesWithLibTorch) {
  const Tensor picture = pattern(50, 33);
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{20, 70}, {99, 10}, {1, 1}, {50, 33}}) {
    const Tensor theirs = at::upsample_bilinear2d(picture.permute({2, 0, 1}).unsqueeze(0).to(torch::kFloat64),
                                                  {height, width}, /*align_corners=*/false)[0];
    const Tensor ours = resize_plain(picture, height, width).permute({2, 0, 1}).to(torch::kFloat64);
    EXPECT_LE((ours - theirs).abs().max().item<double>(), 1.01) << height << 'x' << width;
  }
  EXPECT_TRUE(torch::equal(resize_plain(picture, 50, 33), picture));
}

TEST(ResizePlain, IsWhatResizeDoesWhereAskedAndTakesViews) {
  const Tensor view = pattern(40, 50).narrow(0, 5, 20).narrow(1, 7, 30);
  EXPECT_TRUE(torch::equal(resize(view, 9, 11, Interpolation::bilinear_plain), resize_plain(view.contiguous(), 9, 11)));
  EXPECT_FALSE(torch::equal(resize(view, 9, 11), resize_plain(view, 9, 11)));
}

}  // namespace
}  // namespace pdmp::data
