#include "data/inspect/drawing.h"

#include <gtest/gtest.h>

#include "pdmp/torch.h"

namespace pdmp::data {
namespace {

// (R, G, B) at a pixel.
std::vector<int> color_at(const Tensor& pixels, int64_t y, int64_t x) {
  std::vector<int> color;
  for (const int64_t channel : {0, 1, 2}) color.push_back(pixels[y][x][channel].item<int>());
  return color;
}

// Pixels that are not white, of these columns.
int64_t inked(const Tensor& pixels, int64_t first, int64_t columns) {
  return (pixels.narrow(1, first, columns) < 250).sum().item<int64_t>();
}

TEST(Drawing, BoxesAndLinesLieWhereTheyAreSaidTo) {
  Drawing drawing(20, 10);
  drawing.box(4, 2, 8, 6, "#ff0000", "none");
  const Tensor pixels = drawing.pixels();
  ASSERT_EQ(pixels.sizes(), (std::vector<int64_t>{10, 20, 3}));
  EXPECT_EQ(color_at(pixels, 4, 6), (std::vector<int>{255, 0, 0}));
  EXPECT_EQ(color_at(pixels, 2, 4), (std::vector<int>{255, 0, 0}));
  EXPECT_EQ(color_at(pixels, 8, 6), (std::vector<int>{255, 255, 255}));
  EXPECT_EQ(color_at(pixels, 4, 12), (std::vector<int>{255, 255, 255}));
}

TEST(Drawing, TextIsThereAndAnchored) {
  Drawing left(200, 20), right(200, 20), other(200, 20);
  left.text(2, 14, "acc");
  right.text(198, 14, "acc", Drawing::Anchor::end);
  other.text(2, 14, "all");
  EXPECT_GT(inked(left.pixels(), 0, 60), 20);
  EXPECT_EQ(inked(left.pixels(), 60, 140), 0);
  EXPECT_EQ(inked(right.pixels(), 0, 140), 0);
  EXPECT_GT(inked(right.pixels(), 140, 60), 20);
  EXPECT_FALSE(torch::equal(left.pixels(), other.pixels()));
}

// Of a text that would end the drawing or be obeyed.
TEST(Drawing, TextIsTextWhateverItHolds) {
  Drawing drawing(300, 20), plain(300, 20);
  drawing.text(2, 14, "<a> & \"b\" \x1B[2J \xFF</text>");
  plain.text(2, 14, "a");
  EXPECT_GT(inked(drawing.pixels(), 0, 300), inked(plain.pixels(), 0, 300));
}

TEST(Drawing, CurvesGoThroughTheirPoints) {
  Drawing drawing(20, 20), dot(20, 20);
  drawing.curve({{1, 10}, {19, 10}}, "#000000");
  dot.curve({{10, 10}}, "#000000");
  drawing.curve({}, "#000000");
  EXPECT_LT(color_at(drawing.pixels(), 9, 15)[0], 128);
  EXPECT_EQ(color_at(drawing.pixels(), 15, 15)[0], 255);
  EXPECT_LT(color_at(dot.pixels(), 9, 9)[0], 128);
  EXPECT_EQ(color_at(dot.pixels(), 3, 10)[0], 255);
}

TEST(FittedText, EndsWithAnEllipsisWhereItIsTooLong) {
  EXPECT_EQ(fitted_text("short", 200), "short");
  EXPECT_EQ(fitted_text("0123456789abcdef", 75), "012345678\xE2\x80\xA6");  // 10 columns of 7.44 pixels
}

}  // namespace
}  // namespace pdmp::data
