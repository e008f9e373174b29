#include "data/features/resize.h"

#include <gtest/gtest.h>

#include "data/features/normalise.h"
#include "support/expect_error.h"
#include "support/pattern_picture.h"

namespace pdmp::data {
namespace {

using testing::byte_sum;
using testing::pattern;
using testing::Pixel;
using testing::pixel;
using testing::values;

Pixel red_start(const Tensor& picture) { return values(picture[0].slice(0, 0, 6).select(1, 0)); }

// The loops of colour pictures are not those of a single channel.
TEST(Resize, ColourPicturesAreTheirChannels) {
  for (const Interpolation interpolation : {Interpolation::bilinear, Interpolation::bicubic}) {
    for (const auto& [height, width] : {std::pair(5, 6), std::pair(16, 20), std::pair(37, 71), std::pair(10, 3)}) {
      const Tensor view = pattern(13, 19).narrow(0, 3, 10).narrow(1, 4, 14);  // a crop: rows with something behind them
      const Tensor whole = resize(view, height, width, interpolation);
      for (int64_t c = 0; c < 3; ++c) {
        const Tensor channel = resize(view.narrow(2, c, 1).contiguous(), height, width, interpolation);
        EXPECT_TRUE(whole.narrow(2, c, 1).equal(channel)) << height << "x" << width << ", channel " << c;
      }
    }
  }
}

// Sums and samples: Pillow's output for the same pictures.
TEST(Resize, BilinearShrinksAsPillow) {
  const Tensor picture = resize(pattern(10, 14), 5, 6);
  EXPECT_EQ(byte_sum(picture), 13061);
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{18, 49, 80}));
  EXPECT_EQ(pixel(picture, 2, 3), (Pixel{152, 183, 202}));
  EXPECT_EQ(pixel(picture, 4, 5), (Pixel{174, 96, 43}));
  EXPECT_EQ(red_start(picture), (Pixel{18, 41, 66, 88, 104, 126}));
}

TEST(Resize, BilinearGrowsAsPillow) {
  const Tensor picture = resize(pattern(10, 14), 16, 20);
  EXPECT_EQ(byte_sum(picture), 138118);
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{0, 31, 62}));
  EXPECT_EQ(pixel(picture, 8, 10), (Pixel{132, 163, 194}));
  EXPECT_EQ(pixel(picture, 15, 19), (Pixel{27, 58, 89}));
  EXPECT_EQ(red_start(picture), (Pixel{0, 4, 9, 14, 19, 23}));
}

TEST(Resize, BilinearFitsLargePictureAsPillow) {
  const Tensor picture = resize(pattern(360, 480), 224, 224);
  EXPECT_EQ(byte_sum(picture), 19195723);
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{13, 44, 75}));
  EXPECT_EQ(pixel(picture, 112, 112), (Pixel{181, 151, 52}));
  EXPECT_EQ(pixel(picture, 223, 223), (Pixel{91, 122, 153}));
  EXPECT_EQ(pixel(picture, 1, 3), (Pixel{125, 156, 187}));
}

TEST(Resize, BilinearFitsSmallPictureAsPillow) {
  const Tensor picture = resize(pattern(100, 80), 224, 224);
  EXPECT_EQ(byte_sum(picture), 19173649);
  EXPECT_EQ(pixel(picture, 112, 112), (Pixel{205, 236, 82}));
  EXPECT_EQ(pixel(picture, 223, 223), (Pixel{53, 84, 115}));
}

struct BicubicCase {
  int64_t from_height, from_width, height, width, sum;
  Pixel middle, last, red;
};

TEST(Resize, BicubicIsAsPillow) {
  const BicubicCase cases[] = {
      {10, 14, 5, 6, 13056, {151, 184, 210}, {169, 90, 37}, {14, 36, 61, 85, 100, 124}},
      {10, 14, 16, 20, 138087, {125, 156, 187}, {1, 47, 98}, {0, 2, 8, 12, 17, 21}},
      {360, 480, 224, 224, 19192925, {182, 155, 43}, {91, 122, 153}, {9, 27, 47, 67, 86, 106}},
      {100, 80, 224, 224, 19171968, {209, 240, 61}, {50, 81, 112}, {0, 0, 1, 3, 6, 8}},
  };
  for (const BicubicCase& c : cases) {
    const Tensor picture = resize(pattern(c.from_height, c.from_width), c.height, c.width, Interpolation::bicubic);
    EXPECT_EQ(byte_sum(picture), c.sum);
    EXPECT_EQ(pixel(picture, c.height / 2, c.width / 2), c.middle);
    EXPECT_EQ(pixel(picture, c.height - 1, c.width - 1), c.last);
    EXPECT_EQ(red_start(picture), c.red);
  }
}

TEST(Resize, TakesViewsAndOtherChannelCounts) {
  const Tensor large = pattern(40, 50);
  const Tensor view = large.narrow(0, 5, 20).narrow(1, 7, 30);
  EXPECT_TRUE(torch::equal(resize(view, 9, 11), resize(view.contiguous(), 9, 11)));
  const Tensor grey = large.select(2, 1).unsqueeze(2).contiguous();
  EXPECT_TRUE(torch::equal(resize(grey, 9, 11).select(2, 0), resize(large, 9, 11).select(2, 1)));
  EXPECT_TRUE(torch::equal(resize(large, 40, 50), large));
}

TEST(Resize, RefusesOtherTensors) {
  testing::expect_error(ErrorKind::data, {"(4, 4)", "2x2"}, [] { resize(torch::zeros({4, 4}, torch::kUInt8), 2, 2); });
}

TEST(Normalise, GivesReferenceValues) {
  const Tensor picture = normalise(resize(pattern(360, 480), 224, 224), {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225});
  ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{3, 224, 224}));
  const double expected[2][3] = {{-1.8952821, -1.2654060, -0.4972548}, {0.9816765, 0.6078432, -0.8981263}};
  for (int64_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(picture[c][0][0].item<double>(), expected[0][c], 1e-6);
    EXPECT_NEAR(picture[c][112][112].item<double>(), expected[1][c], 1e-6);
  }
  EXPECT_NEAR(picture.to(torch::kFloat64).mean().item<double>(), 0.226963890, 1e-7);
}

}  // namespace
}  // namespace pdmp::data
