// Bitmaps whose headers say less, or something else, than the pixels need: the value is Pillow's.
#include <gtest/gtest.h>

#include "data/decode/image/image.h"
#include "support/bytes.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/pattern_picture.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::expect_error;
using testing::little;
using testing::pixel;
using testing::Pixel;
using testing::repeated;
using testing::TemporaryDirectory;

struct Bmp {
  int64_t width = 8, height = 8;
  int bits = 24;
  uint32_t compression = 0, colors = 0;
  std::string masks = "";  // behind the 40 bytes that every header from Windows 3 on has
  uint32_t header = 40;    // what it says its length is
  std::string palette = "", pixels = "";
  int64_t offset = -1;  // below 0: where the pixels are
};

std::string bytes_of(const Bmp& bmp) {
  std::string info;
  if (bmp.header == 12) {
    info = little(12, 4) + little(static_cast<uint64_t>(bmp.width), 2) + little(static_cast<uint64_t>(bmp.height), 2) +
           little(1, 2) + little(static_cast<uint64_t>(bmp.bits), 2);
  } else {
    info = little(bmp.header, 4) + little(static_cast<uint64_t>(bmp.width), 4) +
           little(static_cast<uint64_t>(bmp.height), 4) + little(1, 2) + little(static_cast<uint64_t>(bmp.bits), 2) +
           little(bmp.compression, 4) + little(0, 4) + little(0, 8) + little(bmp.colors, 4) + little(0, 4) + bmp.masks;
    if (info.size() < bmp.header) info.resize(bmp.header, '\0');
    if (bmp.header < 40) info.resize(bmp.header);
  }
  const size_t data = 14 + info.size() + bmp.palette.size();
  const uint64_t offset = bmp.offset < 0 ? data : static_cast<uint64_t>(bmp.offset);
  return "BM" + little(data + bmp.pixels.size(), 4) + little(0, 4) + little(offset, 4) + info + bmp.palette +
         bmp.pixels;
}

Tensor decoded(const Bmp& bmp, int64_t channels = 3) {
  const TemporaryDirectory directory;
  return image_tensor(directory.write("a.bmp", bytes_of(bmp)), channels);
}

void expect_all(const Tensor& picture, const Pixel& color) {
  for (int64_t y = 0; y < picture.size(0); ++y) {
    for (int64_t x = 0; x < picture.size(1); ++x) ASSERT_EQ(pixel(picture, y, x), color) << y << ' ' << x;
  }
}

// The file of the report, to the byte.
TEST(Bmp, TheFourthByteOf32BitsIsNoAlpha) {
  const TemporaryDirectory directory;
  const std::string header = "BM" + little(310, 4) + little(0, 4) + little(54, 4) + little(40, 4) + little(8, 4) +
                             little(8, 4) + little(1, 2) + little(32, 2) + little(0, 4) + little(256, 4) +
                             little(0, 16);
  ASSERT_EQ(header.size(), 54U);
  const auto path = directory.write("a.bmp", header + repeated(std::string("\0\0\xFF\x40", 4), 64));
  expect_all(image_tensor(path), {255, 0, 0});
  EXPECT_EQ(pixel(image_tensor(path, 1), 0, 0), (Pixel{76}));
}

TEST(Bmp, TheFourthByteOfLongHeadersWithoutMasksIsNoAlphaEither) {
  for (const uint32_t header : {52U, 56U, 64U, 108U, 124U}) {
    expect_all(decoded({.bits = 32, .header = header, .pixels = repeated(std::string("\x10\x20\x30\0", 4), 64)}),
               {0x30, 0x20, 0x10});
  }
}

std::string masks_of(uint32_t red, uint32_t green, uint32_t blue) {
  return little(red, 4) + little(green, 4) + little(blue, 4);
}

TEST(Bmp, AMaskOfAlphaIsAlpha) {
  const std::string alpha = masks_of(0xFF0000, 0xFF00, 0xFF) + little(0xFF000000, 4);
  const std::string pixels = repeated(std::string("\0\x64\xC8\x33", 4), 64);  // blue 0, green 100, red 200, alpha 51
  for (const uint32_t header : {56U, 108U, 124U}) {
    expect_all(decoded({.bits = 32, .compression = 3, .masks = alpha, .header = header, .pixels = pixels}),
               {244, 224, 204});
  }
  // 6: masks of four colors behind a header of Windows 3; 3: of three.
  expect_all(decoded({.bits = 32, .compression = 6, .masks = alpha, .pixels = pixels}), {244, 224, 204});
  expect_all(decoded({.bits = 32, .compression = 3, .masks = alpha.substr(0, 12), .pixels = pixels}), {200, 100, 0});
  expect_all(decoded({.bits = 32, .compression = 3, .masks = alpha.substr(0, 12), .header = 52, .pixels = pixels}),
             {200, 100, 0});
}

TEST(Bmp, MasksOfAnyOrderAndWidth) {
  const auto with = [](int bits, const std::string& masks, const std::string& one) {
    return decoded({.bits = bits, .compression = 3, .masks = masks, .pixels = repeated(one, 64)});
  };
  expect_all(with(32, masks_of(0xFF, 0xFF00, 0xFF0000), std::string("\1\2\3\4", 4)), {1, 2, 3});
  expect_all(with(32, masks_of(0xFF000000, 0xFF0000, 0xFF00), std::string("\1\2\3\4", 4)), {4, 3, 2});
  expect_all(with(16, masks_of(0xF800, 0x7E0, 0x1F), little(11U << 11U | 22U << 5U | 3U, 2)), {90, 89, 24});
  expect_all(with(16, masks_of(0xF00, 0xF0, 0xF), little(0x5A3, 2)), {85, 170, 51});
  expect_all(with(32, masks_of(0x3FF00000, 0xFFC00, 0x3FF), little(512U << 20U | 1023U << 10U | 4U, 4)), {127, 255, 0});
}

TEST(Bmp, SixteenBitsWithoutMasksAreFiveFiveFive) {
  expect_all(decoded({.bits = 16, .pixels = repeated(little(31U << 10U | 12U << 5U | 7U, 2), 64)}), {255, 98, 57});
}

// The pixels lie behind the masks whatever the file says.
TEST(Bmp, TheOffsetMayLieOnTheMasks) {
  expect_all(decoded({.bits = 16,
                      .compression = 3,
                      .masks = masks_of(0xF800, 0x7E0, 0x1F),
                      .pixels = repeated(little(0xF800, 2), 64),
                      .offset = 54}),
             {255, 0, 0});
}

// Blue, green, red, unused: color i is (i, 255 - i, 7).
std::string palette_of(size_t count, bool padded = true) {
  std::string palette;
  for (size_t i = 0; i < count; ++i)
    palette += little(7, 1) + little(255 - i, 1) + little(i, 1) + (padded ? std::string(1, '\0') : "");
  return palette;
}

TEST(Bmp, TheOffsetMayLieOnThePalette) {
  const std::string pixels = repeated("\xFA\1\2\3\4\5\6\7", 8);
  for (const int64_t offset : {54, 0, 14}) {
    const Tensor picture =
        decoded({.bits = 8, .colors = 252, .palette = palette_of(252), .pixels = pixels, .offset = offset});
    EXPECT_EQ(pixel(picture, 0, 0), (Pixel{250, 5, 7})) << offset;
    EXPECT_EQ(pixel(picture, 7, 7), (Pixel{7, 248, 7})) << offset;
  }
  const Tensor few = decoded(
      {.bits = 4, .colors = 3, .palette = palette_of(3), .pixels = repeated("\x12\x20\x01\x21", 8), .offset = 54});
  EXPECT_EQ(pixel(few, 0, 0), (Pixel{1, 254, 7}));
  EXPECT_EQ(pixel(few, 0, 3), (Pixel{0, 255, 7}));
  const Tensor all = decoded({.bits = 8, .palette = palette_of(256), .pixels = pixels, .offset = 54});
  EXPECT_EQ(pixel(all, 3, 0), (Pixel{250, 5, 7}));
  const Tensor old =
      decoded({.bits = 8, .header = 12, .palette = palette_of(256, false), .pixels = pixels, .offset = 26});
  EXPECT_EQ(pixel(old, 3, 0), (Pixel{250, 5, 7}));
}

TEST(Bmp, ValuesBeyondThePaletteAreBlackOrOfItsGrays) {
  const std::string pixels = repeated("\1\2\3\xC8\4\5\6\7", 8);
  const Tensor colors = decoded({.bits = 8, .colors = 3, .palette = palette_of(3), .pixels = pixels});
  EXPECT_EQ(pixel(colors, 0, 1), (Pixel{2, 253, 7}));
  EXPECT_EQ(pixel(colors, 0, 2), (Pixel{0, 0, 0}));
  EXPECT_EQ(pixel(colors, 0, 3), (Pixel{0, 0, 0}));
  const std::string grays("\0\0\0\0\1\1\1\0\2\2\2\0", 12);
  const Tensor gray = decoded({.bits = 8, .colors = 3, .palette = grays, .pixels = pixels});
  EXPECT_EQ(pixel(gray, 0, 1), (Pixel{2, 2, 2}));
  EXPECT_EQ(pixel(gray, 0, 3), (Pixel{200, 200, 200}));
}

TEST(Bmp, HeadersOfOs2) {
  const std::string pixels = repeated("\xFA\1\2\3\4\5\6\7", 8);
  const Tensor first = decoded({.bits = 8, .header = 12, .palette = palette_of(256, false), .pixels = pixels});
  EXPECT_EQ(pixel(first, 0, 0), (Pixel{250, 5, 7}));
  for (const uint32_t header : {16U, 40U, 64U}) {
    const Tensor second = decoded({.bits = 8, .header = header, .palette = palette_of(256), .pixels = pixels});
    EXPECT_EQ(pixel(second, 0, 7), (Pixel{7, 248, 7})) << header;
  }
  expect_all(decoded({.bits = 24, .header = 12, .pixels = repeated("\1\2\3", 64)}), {3, 2, 1});
}

TEST(Bmp, OneTwoAndFourBits) {
  const Tensor one =
      decoded({.width = 9, .height = 1, .bits = 1, .palette = palette_of(2), .pixels = std::string("\xA0\x80\0\0", 4)});
  EXPECT_EQ(pixel(one, 0, 0), (Pixel{1, 254, 7}));
  EXPECT_EQ(pixel(one, 0, 1), (Pixel{0, 255, 7}));
  EXPECT_EQ(pixel(one, 0, 8), (Pixel{1, 254, 7}));
  const Tensor two =
      decoded({.width = 4, .height = 1, .bits = 2, .palette = palette_of(4), .pixels = std::string("\x1B\0\0\0", 4)});
  EXPECT_EQ(pixel(two, 0, 1), (Pixel{1, 254, 7}));
  EXPECT_EQ(pixel(two, 0, 3), (Pixel{3, 252, 7}));
}

TEST(Bmp, RowsComeFromTheBottomOrTheTop) {
  const std::string pixels = "\1\1\1\2\2\2" + std::string(2, '\0') + "\3\3\3\4\4\4" + std::string(2, '\0');
  EXPECT_EQ(pixel(decoded({.width = 2, .height = 2, .pixels = pixels}), 0, 1), (Pixel{4, 4, 4}));
  EXPECT_EQ(pixel(decoded({.width = 2, .height = -2, .pixels = pixels}), 0, 1), (Pixel{2, 2, 2}));
}

// Rows of 8: five 2s, a literal run of three; a move by (2, 1) from there, one 3; the end of the picture.
TEST(Bmp, RunsOfEightBits) {
  const std::string runs("\5\2\0\3\1\2\3\0\0\0\0\2\2\1\1\3\0\1", 18);
  const Tensor picture =
      decoded({.height = 4, .bits = 8, .compression = 1, .palette = palette_of(256), .pixels = runs});
  EXPECT_EQ(pixel(picture, 3, 4), (Pixel{2, 253, 7}));
  EXPECT_EQ(pixel(picture, 3, 5), (Pixel{1, 254, 7}));
  EXPECT_EQ(pixel(picture, 3, 7), (Pixel{3, 252, 7}));
  EXPECT_EQ(pixel(picture, 2, 0), (Pixel{0, 255, 7}));
  EXPECT_EQ(pixel(picture, 1, 2), (Pixel{3, 252, 7}));
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{0, 255, 7}));
}

TEST(Bmp, RunsOfFourBits) {
  const std::string runs("\3\x12\0\5\x34\x56\x70\0\0\0\x8\x99\0\1", 14);
  const Tensor picture = decoded({.height = 2, .bits = 4, .compression = 2, .palette = palette_of(16), .pixels = runs});
  std::vector<int64_t> reds;
  for (int64_t x = 0; x < 8; ++x) reds.push_back(pixel(picture, 1, x)[0]);
  EXPECT_EQ(reds, (std::vector<int64_t>{1, 2, 1, 3, 4, 5, 6, 7}));
  EXPECT_EQ(pixel(picture, 0, 7), (Pixel{9, 246, 7}));
}

TEST(Bmp, WhatIsCutOrUnknownIsRefused) {
  const auto refused = [](const Bmp& bmp, const std::string& words) {
    expect_error(ErrorKind::data, {"a.bmp", "whole BMP", words}, [&] { decoded(bmp); });
  };
  refused({.pixels = std::string(191, 'x')}, "245 of 246 bytes");
  refused({.bits = 8, .compression = 1, .palette = palette_of(256), .pixels = std::string("\5\2", 2)},
          "runs of colors");
  refused({.bits = 8, .compression = 4, .pixels = "x"}, "compression 4");
  refused({.bits = 13, .pixels = "x"}, "13 bits");
  refused({.width = 0, .pixels = "x"}, "0x8 pixels");
  refused({.header = 13, .pixels = "x"}, "header of 13 bytes");
  refused({.width = 1 << 20, .height = 1 << 20, .pixels = "x"}, "64 million pixels");
  refused({.height = INT32_MIN, .pixels = "x"}, "pixels");
}

}  // namespace
}  // namespace pdmp
