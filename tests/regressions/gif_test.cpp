// GIF: the first frame, as Pillow shows it.
#include <gtest/gtest.h>

#include "data/decode/header/media_header.h"
#include "data/decode/image/image.h"
#include "data/decode/image/lzw.h"
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
using testing::TemporaryDirectory;

// Codes of three bits for values of two: no code is ever learned, as every second one clears.
std::string codes_of(const std::vector<uint8_t>& values, bool end = true) {
  constexpr uint32_t kClear = 4, kEnd = 5;
  std::vector<uint32_t> codes;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i % 2 == 0) codes.push_back(kClear);
    codes.push_back(values[i]);
  }
  if (end) codes.push_back(kEnd);
  std::string bytes((codes.size() * 3 + 7) / 8, '\0');
  for (size_t bit = 0; bit < codes.size() * 3; ++bit) {
    const uint32_t value = codes[bit / 3] >> bit % 3 & 1;
    bytes[bit / 8] = static_cast<char>(static_cast<uint8_t>(bytes[bit / 8]) | value << bit % 8);
  }
  return bytes;
}

const std::string kColors("\x0A\x14\x1E\xC8\x64\0\x28\x32\x3C\x46\x50\x5A", 12);
const Pixel kFirst = {10, 20, 30}, kSecond = {200, 100, 0}, kThird = {40, 50, 60}, kWhite = {255, 255, 255};

std::string screen(uint64_t width, uint64_t height, const std::string& colors = kColors) {
  return "GIF89a" + little(width, 2) + little(height, 2) + little(colors.empty() ? 0 : 0x81, 1) +
         std::string("\1\0", 2) + colors;
}

struct Place {
  uint64_t left, top, width, height;
};

std::string frame(const Place& place, const std::string& codes, uint64_t flags = 0, const std::string& colors = "") {
  return "," + little(place.left, 2) + little(place.top, 2) + little(place.width, 2) + little(place.height, 2) +
         little(flags | (colors.empty() ? 0 : 0x81), 1) + colors + "\2" + little(codes.size(), 1) + codes +
         std::string(1, '\0');
}

std::string control(uint64_t flags, uint64_t transparent) {
  return "!\xF9\4" + little(flags, 1) + little(10, 2) + little(transparent, 1) + std::string(1, '\0');
}

Tensor decoded(const std::string& gif) {
  const TemporaryDirectory directory;
  return image_tensor(directory.write("a.gif", gif));
}

TEST(Gif, TheFirstFrameOfAnAnimation) {
  const Tensor picture = decoded(screen(2, 2) + control(0, 0) + frame({0, 0, 2, 2}, codes_of({0, 1, 2, 1})) +
                                 control(0, 0) + frame({0, 0, 2, 2}, codes_of({2, 2, 2, 2})) + ";");
  ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{2, 2, 3}));
  EXPECT_EQ(pixel(picture, 0, 0), kFirst);
  EXPECT_EQ(pixel(picture, 0, 1), kSecond);
  EXPECT_EQ(pixel(picture, 1, 0), kThird);
  EXPECT_EQ(pixel(picture, 1, 1), kSecond);
}

TEST(Gif, ATransparentColorIsWhite) {
  const Tensor picture = decoded(screen(2, 1) + control(1, 1) + frame({0, 0, 2, 1}, codes_of({0, 1})) + ";");
  EXPECT_EQ(pixel(picture, 0, 0), kFirst);
  EXPECT_EQ(pixel(picture, 0, 1), kWhite);
  // Without its flag the number means nothing.
  EXPECT_EQ(pixel(decoded(screen(2, 1) + control(0, 1) + frame({0, 0, 2, 1}, codes_of({0, 1})) + ";"), 0, 1), kSecond);
}

TEST(Gif, AFrameThatDoesNotCoverTheCanvas) {
  const std::string one = frame({1, 1, 1, 1}, codes_of({1}));
  const Tensor opaque = decoded(screen(3, 2) + one + ";");
  ASSERT_EQ(opaque.sizes(), (std::vector<int64_t>{2, 3, 3}));
  EXPECT_EQ(pixel(opaque, 1, 1), kSecond);
  EXPECT_EQ(pixel(opaque, 0, 0), kFirst);  // the first color, whatever the background's number
  const Tensor transparent = decoded(screen(3, 2) + control(1, 3) + one + ";");
  EXPECT_EQ(pixel(transparent, 1, 1), kSecond);
  EXPECT_EQ(pixel(transparent, 0, 0), kWhite);
}

TEST(Gif, AFrameThatReachesBeyondTheCanvas) {
  const Tensor picture = decoded(screen(1, 1) + frame({2, 1, 1, 1}, codes_of({1})) + ";");
  ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{2, 3, 3}));
  EXPECT_EQ(pixel(picture, 1, 2), kSecond);
}

TEST(Gif, InterlacedRows) {
  // Rows 0, 4 of the first two passes, 2, then 1 and 3.
  const Tensor picture = decoded(screen(1, 5) + frame({0, 0, 1, 5}, codes_of({0, 1, 2, 1, 2}), 0x40) + ";");
  const std::vector<Pixel> expected = {kFirst, kSecond, kThird, kThird, kSecond};
  for (int64_t y = 0; y < 5; ++y) EXPECT_EQ(pixel(picture, y, 0), expected[static_cast<size_t>(y)]) << y;
}

TEST(Gif, ColorsOfTheFrameBeforeThoseOfAll) {
  std::string own = kColors;
  own[0] = '\x7F';
  const Tensor picture = decoded(screen(2, 1) + frame({0, 0, 2, 1}, codes_of({0, 1}), 0, own) + ";");
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{127, 20, 30}));
  const Tensor gray = decoded(screen(2, 1, "") + frame({0, 0, 2, 1}, codes_of({3, 1})) + ";");
  EXPECT_EQ(pixel(gray, 0, 0), (Pixel{3, 3, 3}));
}

TEST(Gif, TheEndMayBeMissing) {
  const std::string gif = screen(2, 1) + frame({0, 0, 2, 1}, codes_of({0, 1}, false));
  EXPECT_EQ(pixel(decoded(gif), 0, 1), kSecond);
  EXPECT_EQ(pixel(decoded(gif.substr(0, gif.size() - 1)), 0, 1), kSecond);
  EXPECT_EQ(
      pixel(decoded(screen(2, 1) + "!\xFE\3abc" + std::string(1, '\0') + frame({0, 0, 2, 1}, codes_of({0, 1}))), 0, 1),
      kSecond);
}

TEST(Gif, ValuesBeyondThePaletteAreBlack) {
  std::string two = screen(2, 1, kColors.substr(0, 6));
  two[10] = '\x80';  // a palette of two colors
  const Tensor picture = decoded(two + frame({0, 0, 2, 1}, codes_of({1, 3})) + ";");
  EXPECT_EQ(pixel(picture, 0, 0), kSecond);
  EXPECT_EQ(pixel(picture, 0, 1), (Pixel{0, 0, 0}));
}

TEST(Gif, WhatIsCutIsRefused) {
  const std::string whole = screen(4, 4) + frame({0, 0, 4, 4}, codes_of(std::vector<uint8_t>(16, 1))) + ";";
  ASSERT_EQ(decoded(whole).numel(), 48);
  const size_t end = whole.size() - 2;  // of its codes; the ends of blocks and file cost nothing
  EXPECT_EQ(decoded(whole.substr(0, end)).numel(), 48);
  for (size_t size = 6; size < end; ++size) {
    expect_error(ErrorKind::data, {"a.gif", "whole GIF"}, [&] { decoded(whole.substr(0, size)); });
  }
  expect_error(ErrorKind::data, {"a.gif", "no frame"}, [] { decoded(screen(4, 4) + ";"); });
  expect_error(ErrorKind::data, {"a.gif", "15 of the 16 pixels"}, [] {
    decoded(screen(4, 4) + frame({0, 0, 4, 4}, codes_of(std::vector<uint8_t>(15, 1))) + ";");
  });
  expect_error(ErrorKind::data, {"a.gif", "64 million pixels"}, [] {
    decoded(screen(60000, 60000) + frame({0, 0, 1, 1}, codes_of({1})) + ";");
  });
  expect_error(ErrorKind::data, {"a.gif", "without pixels"}, [] {
    decoded(screen(4, 4) + frame({0, 0, 0, 1}, "") + ";");
  });
}

TEST(Gif, ItsHeaderIsThatOfAPicture) {
  const TemporaryDirectory directory;
  const std::string one = control(0, 0) + frame({0, 0, 4, 3}, codes_of(std::vector<uint8_t>(12, 1)));
  const auto header = data::read_media_header(directory.write("a.gif", screen(4, 3) + one + one + one + ";"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->width, 4);
  EXPECT_EQ(header->height, 3);
  EXPECT_FALSE(header->video);
}

// The example that is in every text on it: codes learned while they are used, and a code used while it is learned.
TEST(Lzw, LearnsCodes) {
  // 1 1 1 1 1 1 with values of two bits: clear, 1, 6 (= 1 1), 7 (= 1 1 1), end: three bits each, the last one four.
  const std::string codes = "\x8C\x5F";
  EXPECT_EQ(data::decode_lzw(codes, 2, 6), std::vector<uint8_t>(6, 1));
  EXPECT_EQ(data::decode_lzw(codes, 2, 4), std::vector<uint8_t>(4, 1));
  EXPECT_LT(data::decode_lzw(codes, 2, 7).size(), 7U);
  EXPECT_TRUE(data::decode_lzw("\x3F", 2, 6).empty());  // 7, which nothing says yet
  EXPECT_TRUE(data::decode_lzw("", 2, 6).empty());
}

}  // namespace
}  // namespace pdmp
