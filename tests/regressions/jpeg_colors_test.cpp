// JPEG of four colors: ink is stored inverted, with Adobe's marker or without, as Pillow takes it.
#include <array>
#include <gtest/gtest.h>

#include "data/decode/image/image.h"
#include "support/coded_jpeg.h"
#include "support/media/tensors.h"
#include "support/pattern_picture.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::coded_jpeg;
using testing::pixel;
using testing::Pixel;
using testing::TemporaryDirectory;

struct Coding {
  J_COLOR_SPACE colors;
  bool adobe;  // the marker
};

// 16 x 16 pixels of one color, as they are stored.
std::string coded(const std::array<uint8_t, 4>& stored, const Coding& coding) {
  constexpr int kSide = 16, kBest = 100;
  Tensor picture = torch::empty({kSide, kSide, 4}, torch::kUInt8);
  for (int c = 0; c < 4; ++c) picture.select(2, c).fill_(stored[static_cast<size_t>(c)]);
  return coded_jpeg(picture, JCS_CMYK, [&](jpeg_compress_struct& info) {
    jpeg_set_colorspace(&info, coding.colors);
    jpeg_set_quality(&info, kBest, TRUE);
    info.write_Adobe_marker = coding.adobe ? TRUE : FALSE;
  });
}

Pixel first_pixel(const std::string& jpeg, int64_t channels = 3) {
  const TemporaryDirectory directory;
  return pixel(image_tensor(directory.write("a.jpg", jpeg), channels), 0, 0);
}

TEST(JpegColors, CmykWithoutAdobesMarkerIsInvertedAsWell) {
  for (const bool adobe : {false, true}) {
    EXPECT_EQ(first_pixel(coded({255, 0, 0, 255}, {JCS_CMYK, adobe})), (Pixel{255, 0, 0})) << adobe;
    EXPECT_EQ(first_pixel(coded({255, 255, 255, 255}, {JCS_CMYK, adobe})), (Pixel{255, 255, 255})) << adobe;
    EXPECT_EQ(first_pixel(coded({255, 255, 255, 0}, {JCS_CMYK, adobe})), (Pixel{0, 0, 0})) << adobe;
    EXPECT_EQ(first_pixel(coded({200, 100, 50, 128}, {JCS_CMYK, adobe})), (Pixel{100, 50, 25})) << adobe;
    EXPECT_EQ(first_pixel(coded({255, 0, 0, 255}, {JCS_CMYK, adobe}), 1), (Pixel{76})) << adobe;
  }
}

TEST(JpegColors, YcckIsConvertedFirst) {
  const Pixel color = first_pixel(coded({255, 0, 0, 255}, {JCS_YCCK, true}));
  EXPECT_NEAR(static_cast<double>(color[0]), 255, 2);
  EXPECT_NEAR(static_cast<double>(color[1]), 0, 2);
  EXPECT_NEAR(static_cast<double>(color[2]), 0, 2);
}

// Nothing says that it is YCCK then: Pillow takes its four components for CMYK.
TEST(JpegColors, YcckWithoutAdobesMarkerIsTakenForCmyk) {
  const Pixel color = first_pixel(coded({255, 255, 255, 128}, {JCS_YCCK, false}));  // brightness, two of 128, black
  EXPECT_NEAR(static_cast<double>(color[1]), 64, 2);
  EXPECT_NEAR(static_cast<double>(color[2]), 64, 2);
}

}  // namespace
}  // namespace pdmp
