// Pixels as file formats have them -> rows of a picture: RGB or gray, without transparency.
#pragma once

#include <cstdint>

namespace pdmp::data {

enum class PixelLayout {
  gray,
  gray_alpha,
  rgb,
  rgba,
  cmyk,           // ink
  cmyk_inverted,  // 255 - ink, as in JPEG
};

// `step` bytes from pixel to pixel, at least as many as the layout has.
struct PixelRow {
  const uint8_t* pixels;
  PixelLayout layout;
  int64_t step;
};

// Writes `width` pixels of `channels` (1: ITU-R 601 luma, or 3: RGB). Transparency lies on white; ink is Pillow's RGB.
void write_row(const PixelRow& row, int64_t width, int64_t channels, uint8_t* out);

}  // namespace pdmp::data
