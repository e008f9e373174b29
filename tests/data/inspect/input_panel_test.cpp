#include "data/inspect/input_panel.h"

#include <cmath>
#include <gtest/gtest.h>

#include "data/types/entry.h"
#include "pdmp/torch.h"

namespace pdmp::data {
namespace {

using testing::entry;
using Shape = std::vector<int64_t>;

int at(const Tensor& picture, int64_t y, int64_t x) { return picture[y][x][0].item<int>(); }

// Pixels of a region that are the blue of curves and bars, about (31, 95, 168).
Tensor blue(const Tensor& pixels) {
  const Tensor signed_pixels = pixels.to(torch::kInt32);
  return (signed_pixels.select(2, 2) - signed_pixels.select(2, 0)) > 60;
}

int64_t blue_in(const Tensor& pixels, int64_t y, int64_t height, int64_t x, int64_t width) {
  return blue(pixels).narrow(0, y, height).narrow(1, x, width).sum().item<int64_t>();
}

TEST(InputPanel, APictureKeepsItsPixelsAmongItsLabels) {
  Tensor input = torch::zeros({1, 2, 2});
  input[0][0][1] = 1;
  const InputPanel panel =
      panel_of_input(entry("image", R"("size": 2, "channels": 1, "mean": [0], "std": [1])"), "a title", input);
  EXPECT_EQ(panel.drawn_as, "picture, 256 times enlarged");
  ASSERT_EQ(panel.pixels.size(1), 640);
  EXPECT_EQ(at(panel.pixels, kPanelTitle, kPanelMargin), 0);
  EXPECT_EQ(at(panel.pixels, kPanelTitle + 255, kPanelMargin + 255), 0);
  EXPECT_EQ(at(panel.pixels, kPanelTitle, kPanelMargin + 256), 255);
  EXPECT_EQ(at(panel.pixels, kPanelTitle + 511, kPanelMargin + 511), 0);
  EXPECT_EQ(at(panel.pixels, kPanelTitle + 511, kPanelMargin + 512), 255);
  const auto inked = [&](int64_t y, int64_t height) {
    return (panel.pixels.narrow(0, y, height) < 128).sum().item<int64_t>();
  };
  EXPECT_GT(inked(0, kPanelTitle), 30);         // the title
  EXPECT_GT(inked(kPanelTitle + 512, 38), 30);  // the axis
}

TEST(InputPanel, TheTitleIsDrawn) {
  const Tensor input = torch::zeros({1, 2, 2});
  const ModalityEntry image = entry("image", R"("size": 2, "channels": 1)");
  const Tensor one = panel_of_input(image, "speech", input).pixels,
               other = panel_of_input(image, "caption", input).pixels;
  EXPECT_FALSE(torch::equal(one.narrow(0, 0, kPanelTitle), other.narrow(0, 0, kPanelTitle)));
  EXPECT_TRUE(torch::equal(one.narrow(0, kPanelTitle, 512), other.narrow(0, kPanelTitle, 512)));
}

// A ramp of two channels: the first rises from the lower left to the upper right of its strip.
TEST(InputPanel, SeriesAreCurvesOverTime) {
  const Tensor ramp = torch::arange(100).to(torch::kFloat32);
  const InputPanel panel = panel_of_input(entry("tensor"), "wave", torch::stack({ramp, -ramp}));
  EXPECT_EQ(panel.drawn_as, "2 curves");
  ASSERT_EQ(panel.pixels.sizes(), (Shape{kPanelTitle + 2 * 126 + 38, 640, 3}));
  const int64_t end = kPanelMargin + 552 - 40;
  EXPECT_GT(blue_in(panel.pixels, kPanelTitle + 90, 30, kPanelMargin, 40), 20);
  EXPECT_EQ(blue_in(panel.pixels, kPanelTitle, 30, kPanelMargin, 40), 0);
  EXPECT_GT(blue_in(panel.pixels, kPanelTitle, 30, end, 40), 20);
  EXPECT_EQ(blue_in(panel.pixels, kPanelTitle + 90, 30, end, 40), 0);
  EXPECT_GT(blue_in(panel.pixels, kPanelTitle + 126, 30, kPanelMargin, 40), 20);  // the second falls
  EXPECT_EQ(blue_in(panel.pixels, kPanelTitle + 126, 30, end, 40), 0);
}

// A single outlier among a hundred thousand values is seen.
TEST(InputPanel, LongSeriesKeepTheirExtremes) {
  Tensor values = torch::zeros({100000});
  values[50000] = 1;
  const InputPanel panel = panel_of_input(entry("tensor"), "wave", values);
  EXPECT_EQ(panel.drawn_as, "curve");
  EXPECT_GT(blue_in(panel.pixels, kPanelTitle, 60, kPanelMargin + 226, 100), 30);
  EXPECT_EQ(blue_in(panel.pixels, kPanelTitle, 60, kPanelMargin, 200), 0);
}

TEST(InputPanel, SeriesWithoutFiniteOrDifferentValues) {
  EXPECT_EQ(panel_of_input(entry("tensor"), "wave", torch::full({50}, std::nanf(""))).drawn_as, "curve");
  EXPECT_EQ(panel_of_input(entry("tensor"), "wave", torch::ones({1})).drawn_as, "curve");
  const InputPanel flat = panel_of_input(entry("tensor"), "wave", torch::ones({50}));
  EXPECT_GT(blue_in(flat.pixels, kPanelTitle + 50, 20, kPanelMargin, 552), 500);
}

TEST(InputPanel, ManyRowsAreAPicture) {
  EXPECT_EQ(panel_of_input(entry("tensor"), "map", torch::rand({17, 100})).drawn_as,
            "picture, 5 times wider and 11 times higher");
  EXPECT_EQ(panel_of_input(entry("tensor"), "map", torch::rand({3, 40, 600})).drawn_as, "picture");
}

TEST(InputPanel, VectorsAreBarsFromZero) {
  ModalityEntry numbers = entry("vector");
  numbers.columns = {"height", "weight"};
  const InputPanel panel = panel_of_input(numbers, "numbers", torch::tensor({1.f, -1.f}));
  EXPECT_EQ(panel.drawn_as, "2 bars");
  EXPECT_GT(blue_in(panel.pixels, kPanelTitle, 70, kPanelMargin, 276), 70 * 200);
  EXPECT_EQ(blue_in(panel.pixels, kPanelTitle + 72, 68, kPanelMargin, 276), 0);
  EXPECT_GT(blue_in(panel.pixels, kPanelTitle + 72, 66, kPanelMargin + 276, 276), 66 * 200);
  // The names of the columns make the difference.
  numbers.columns = {"length", "weight"};
  const Tensor other = panel_of_input(numbers, "numbers", torch::tensor({1.f, -1.f})).pixels;
  EXPECT_FALSE(torch::equal(other, panel.pixels));
  EXPECT_TRUE(torch::equal(other.narrow(0, 0, kPanelTitle + 140), panel.pixels.narrow(0, 0, kPanelTitle + 140)));
}

TEST(InputPanel, TextAndAbsenceAreWords) {
  const ModalityEntry text = entry("text", R"("max_bytes": 16)");
  const InputPanel panel =
      panel_of_input(text, "caption", make_modality_type(text)->load(testing::cell("a green thing"), nullptr));
  EXPECT_EQ(panel.drawn_as, "text");
  EXPECT_GT((panel.pixels.narrow(0, kPanelTitle + 4, 26) < 128).sum().item<int64_t>(), 100);
  const Tensor absent = panel_of_absence("caption", "absent: the sample lacks it");
  ASSERT_EQ(absent.size(0), kPanelTitle + 34 + 8);
  EXPECT_FALSE(torch::equal(absent, panel.pixels));
  EXPECT_EQ(at(absent, kPanelTitle + 28, kPanelMargin + 400), 255);  // nothing in it
  EXPECT_EQ(at(panel.pixels, kPanelTitle + 28, kPanelMargin + 400), 244);
}

TEST(InputPanel, HeadingIsOneLine) {
  const Tensor heading = panel_of_heading("val4: val, class green");
  ASSERT_EQ(heading.sizes(), (Shape{kPanelTitle, 640, 3}));
  EXPECT_GT((heading < 128).sum().item<int64_t>(), 100);
}

}  // namespace
}  // namespace pdmp::data
