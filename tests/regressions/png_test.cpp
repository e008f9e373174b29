// PNG: transparent colors of every depth, and damage in chunks that say nothing of pixels.
#include "support/png.h"

#include <gtest/gtest.h>

#include "data/decode/image/image.h"
#include "support/bytes.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/pattern_picture.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::big;
using testing::expect_error;
using testing::pixel;
using testing::Pixel;
using testing::TemporaryDirectory;
using testing::png_detail::chunk;
using testing::png_detail::stored_zlib;

constexpr uint32_t kGray = 0, kColor = 2, kPalette = 3, kGrayAlpha = 4;

// One row. `between`: chunks before the pixels.
std::string png_of(uint32_t width, uint32_t depth, uint32_t color, const std::string& row, const std::string& between,
                   uint32_t height = 1) {
  const std::string header = big(width, 4) + big(height, 4) + big(depth, 1) + big(color, 1) + std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + between +
         chunk("IDAT", stored_zlib(std::string(1, '\0') + row)) + chunk("IEND", "");
}

Tensor decoded(const std::string& png, int64_t channels = 3) {
  const TemporaryDirectory directory;
  return image_tensor(directory.write("a.png", png), channels);
}

std::vector<int64_t> grays(const std::string& png) { return testing::values(decoded(png, 1)); }

std::string transparent(uint32_t value) { return chunk("tRNS", big(value, 2)); }

using Grays = std::vector<int64_t>;

TEST(PngTransparency, OfGrayOfOneBit) {
  EXPECT_EQ(grays(png_of(8, 1, kGray, "\xA5", "")), (Grays{255, 0, 255, 0, 0, 255, 0, 255}));
  EXPECT_EQ(grays(png_of(8, 1, kGray, "\xA5", transparent(0))), Grays(8, 255));
  EXPECT_EQ(grays(png_of(8, 1, kGray, "\xA5", transparent(1))), (Grays{255, 0, 255, 0, 0, 255, 0, 255}));
  EXPECT_EQ(pixel(decoded(png_of(8, 1, kGray, "\xA5", transparent(0))), 0, 1), (Pixel{255, 255, 255}));
}

TEST(PngTransparency, OfGrayOfTwoAndFourBits) {
  EXPECT_EQ(grays(png_of(4, 2, kGray, "\x1B", "")), (Grays{0, 85, 170, 255}));
  EXPECT_EQ(grays(png_of(4, 2, kGray, "\x1B", transparent(1))), (Grays{0, 255, 170, 255}));
  EXPECT_EQ(grays(png_of(4, 4, kGray, "\x0A\x5F", "")), (Grays{0, 170, 85, 255}));
  EXPECT_EQ(grays(png_of(4, 4, kGray, "\x0A\x5F", transparent(10))), (Grays{0, 255, 85, 255}));
}

TEST(PngTransparency, OfGrayOfEightAndSixteenBits) {
  EXPECT_EQ(grays(png_of(3, 8, kGray, std::string("\0\x64\xC8", 3), transparent(100))), (Grays{0, 255, 200}));
  EXPECT_EQ(grays(png_of(3, 8, kGray, std::string("\0\x64\xC8", 3), transparent(0))), (Grays{255, 100, 200}));
  // Of 16 bits all count: 0x0102 is transparent, 0x0103 is not.
  EXPECT_EQ(grays(png_of(2, 16, kGray, "\1\2\1\3", transparent(0x0102))), (Grays{255, 1}));
}

TEST(PngTransparency, OfColors) {
  const std::string row("\1\2\3\1\2\4", 6);
  const Tensor picture = decoded(png_of(2, 8, kColor, row, chunk("tRNS", big(1, 2) + big(2, 2) + big(3, 2))));
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(picture, 0, 1), (Pixel{1, 2, 4}));
  const std::string wide("\1\1\2\2\3\3\1\1\2\2\3\4", 12);
  const Tensor deep =
      decoded(png_of(2, 16, kColor, wide, chunk("tRNS", big(0x0101, 2) + big(0x0202, 2) + big(0x0303, 2))));
  EXPECT_EQ(pixel(deep, 0, 0), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(deep, 0, 1), (Pixel{1, 2, 3}));
}

TEST(PngTransparency, OfPalettesOfEveryDepth) {
  const std::string palette = chunk("PLTE", "\x0A\x14\x1E\xC8\x64" + std::string(1, '\0') + "\x28\x32\x3C");
  const std::string alpha = chunk("tRNS", std::string("\0\x33", 2));  // the third color is opaque
  const std::string rows[] = {"\x18", std::string("\x01\x20", 2), std::string("\0\1\2", 3)};
  for (size_t i = 0; i < 3; ++i) {
    const Tensor picture = decoded(png_of(3, 2U << i, kPalette, rows[i], palette + alpha));
    EXPECT_EQ(pixel(picture, 0, 0), (Pixel{255, 255, 255}));
    EXPECT_EQ(pixel(picture, 0, 1), (Pixel{244, 224, 204}));
    EXPECT_EQ(pixel(picture, 0, 2), (Pixel{40, 50, 60}));
  }
  EXPECT_EQ(pixel(decoded(png_of(2, 1, kPalette, "\x40", palette + alpha)), 0, 0), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(decoded(png_of(2, 1, kPalette, "\x40", palette + alpha)), 0, 1), (Pixel{244, 224, 204}));
}

// The standard forbids it; readers pass it over.
TEST(PngTransparency, BesideAlphaMeansNothing) {
  EXPECT_EQ(grays(png_of(1, 8, kGrayAlpha, "\x64\xFF", transparent(100))), (Grays{100}));
}

TEST(PngChunks, DamageWhereNoPixelsAreDoesNotMatter) {
  const std::string row("\1\2\3\4\5\6", 6);
  const std::string damaged[] = {
      chunk("iCCP", std::string("profile\0\0not deflated", 21)),
      chunk("iCCP", ""),
      chunk("zTXt", std::string("key\0\0not deflated", 17)),
      chunk("iTXt", "no end"),
      chunk("gAMA", std::string(4, '\0')),
      chunk("cHRM", "short"),
      chunk("pHYs", "short"),
      chunk("sBIT", "\x63\x63\x63"),
      chunk("tIME", "?"),
      chunk("eXIf", "MM"),
      chunk("hIST", "odd"),
      chunk("bKGD", "odd"),
      chunk("sRGB", "too long"),
      chunk("acTL", "short"),
      chunk("prVt", "of somebody"),
      chunk("iCCP", std::string("profile\0\0x", 10)).replace(18, 4, "crc!"),
  };
  for (const std::string& chunks : damaged) {
    const Tensor picture = decoded(png_of(2, 8, kColor, row, chunks));
    EXPECT_EQ(pixel(picture, 0, 1), (Pixel{4, 5, 6})) << chunks.substr(4, 4);
  }
}

TEST(PngChunks, AWrongChecksumOfTheEndDoesNotMatter) {
  std::string png = png_of(2, 8, kColor, "\1\2\3\4\5\6", "");
  png.back() = static_cast<char>(png.back() ^ 1);
  EXPECT_EQ(pixel(decoded(png), 0, 1), (Pixel{4, 5, 6}));
}

TEST(PngChunks, DamageWherePixelsAreIsRefused) {
  const std::string row("\1\2\3\4\5\6", 6);
  std::string png = png_of(2, 8, kColor, row, "");
  const size_t pixels = png.find("IDAT");
  png[pixels + 8] = static_cast<char>(png[pixels + 8] ^ 1);
  expect_error(ErrorKind::data, {"a.png", "whole PNG"}, [&] { decoded(png); });
  const std::string short_of_rows = png_of(2, 8, kColor, row, "", 3);
  expect_error(ErrorKind::data, {"a.png", "whole PNG"}, [&] { decoded(short_of_rows); });
  const std::string palette = png_of(1, 8, kPalette, std::string(1, '\0'), "");
  expect_error(ErrorKind::data, {"a.png", "whole PNG"}, [&] { decoded(palette); });
}

}  // namespace
}  // namespace pdmp
