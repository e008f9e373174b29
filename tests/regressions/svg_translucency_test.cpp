// What a drawing covers in part lies on white: cairo's pixels hold colors that are multiplied by their coverage
// already.
#include <gtest/gtest.h>

#include "data/decode/image/image.h"
#include "support/media/tensors.h"
#include "support/pattern_picture.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::pixel;
using testing::Pixel;
using testing::TemporaryDirectory;

// 256 wide, so that it is drawn as large as it says.
Tensor drawn(const std::string& body, int64_t channels = 3) {
  const TemporaryDirectory directory;
  return image_tensor(
      directory.write("a.svg", R"(<svg xmlns="http://www.w3.org/2000/svg" width="256" height="64">)" + body + "</svg>"),
      channels);
}

// Red is full wherever there is red paint on white. The rest is what shines through, to one step of cairo's rounding.
void expect_red(const Tensor& picture, int64_t x, double green) {
  const Pixel color = pixel(picture, 32, x);
  EXPECT_EQ(color[0], 255) << x;
  EXPECT_NEAR(static_cast<double>(color[1]), green, 1) << x;
  EXPECT_EQ(color[1], color[2]) << x;
}

std::string red(const std::string& attributes) {
  return R"(<rect width="256" height="64" fill="red" )" + attributes + "/>";
}

TEST(SvgTranslucency, OfFills) {
  expect_red(drawn(red(R"(fill-opacity=".5")")), 10, 127);
  expect_red(drawn(red(R"(opacity=".25")")), 10, 191);
  expect_red(drawn(red(R"(fill-opacity=".9")")), 10, 25);
  expect_red(drawn(R"x(<rect width="256" height="64" style="fill: rgba(255, 0, 0, 0.5)"/>)x"), 10, 127);
  expect_red(drawn(red(R"(fill-opacity="0")")), 10, 255);
  expect_red(drawn(red("")), 10, 0);
}

// 76 of red under half of white.
TEST(SvgTranslucency, OfFillsInGray) {
  EXPECT_NEAR(static_cast<double>(pixel(drawn(red(R"(fill-opacity=".5")"), 1), 32, 10)[0]), 165, 1);
}

TEST(SvgTranslucency, OfDarkColors) {
  const Pixel color = pixel(drawn(R"(<rect width="256" height="64" fill="#204060" fill-opacity=".5"/>)"), 32, 10);
  EXPECT_NEAR(static_cast<double>(color[0]), 143, 1);
  EXPECT_NEAR(static_cast<double>(color[1]), 159, 1);
  EXPECT_NEAR(static_cast<double>(color[2]), 175, 1);
}

// Two layers of a group are one before its opacity counts; without a group, each lets a half through.
TEST(SvgTranslucency, OfGroups) {
  expect_red(drawn(R"(<g opacity=".5">)" + red("") + red("") + "</g>"), 10, 127);
  expect_red(drawn(red(R"(opacity=".5")") + red(R"(opacity=".5")")), 10, 64);
  expect_red(drawn(R"(<g opacity=".5"><g opacity=".5">)" + red("") + "</g></g>"), 10, 191);
}

TEST(SvgTranslucency, OfGradients) {
  const Tensor picture =
      drawn(R"(<linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="red" )"
            R"x(stop-opacity="0"/></linearGradient><rect width="256" height="64" fill="url(#g)"/>)x");
  for (const int64_t x : {0, 32, 64, 128, 200, 255}) expect_red(picture, x, (static_cast<double>(x) + 0.5) * 255 / 256);
}

TEST(SvgTranslucency, OfSmoothEdges) {
  const Tensor picture = drawn(R"(<rect x="10.5" width="100.25" height="64" fill="red"/>)");
  expect_red(picture, 9, 255);
  expect_red(picture, 10, 127.5);
  expect_red(picture, 11, 0);
  expect_red(picture, 110, 63.75);
  expect_red(picture, 111, 255);
  const Tensor circle = drawn(R"(<circle cx="128" cy="32" r="30" fill="red"/>)");
  EXPECT_EQ(circle.select(2, 0).min().item<int64_t>(), 255);  // nowhere darker than red on white
}

TEST(SvgTranslucency, OfMasksAndStrokes) {
  expect_red(drawn(R"(<path d="M0 32H256" stroke="red" stroke-width="20" stroke-opacity=".5"/>)"), 10, 127);
  expect_red(drawn(R"(<mask id="m"><rect width="256" height="64" fill="white" fill-opacity=".5"/></mask>)" +
                   red(R"x(mask="url(#m)")x")),
             10, 127);
}

}  // namespace
}  // namespace pdmp
