#include "data/decode/pixel_rows.h"

#include "data/decode/rgb_planes.h"

namespace pdmp::data {
namespace {

struct Rgb {
  uint8_t r, g, b;
};

// Product of two bytes as a share of 255, rounded: Pillow's MULDIV255.
uint8_t share_of(uint32_t a, uint32_t b) {
  const uint32_t product = a * b + 128;
  return static_cast<uint8_t>((product + (product >> 8u)) >> 8u);
}

uint8_t on_white(uint32_t value, uint32_t alpha) {
  return static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

Rgb on_white(const Rgb& rgb, uint32_t alpha) {
  if (alpha == 255) return rgb;
  return {on_white(rgb.r, alpha), on_white(rgb.g, alpha), on_white(rgb.b, alpha)};
}

struct Gray {
  Rgb operator()(const uint8_t* p) const { return {p[0], p[0], p[0]}; }
};
struct GrayAlpha {
  Rgb operator()(const uint8_t* p) const { return on_white(Rgb{p[0], p[0], p[0]}, p[1]); }
};
struct Color {
  Rgb operator()(const uint8_t* p) const { return {p[0], p[1], p[2]}; }
};
struct ColorAlpha {
  Rgb operator()(const uint8_t* p) const { return on_white(Rgb{p[0], p[1], p[2]}, p[3]); }
};
template <uint8_t kFlip>
struct Ink {
  Rgb operator()(const uint8_t* p) const {
    const auto light = [&](int c) { return share_of(p[c] ^ kFlip, p[3] ^ kFlip); };
    return {light(0), light(1), light(2)};
  }
};

template <class ToRgb>
void write(const PixelRow& row, int64_t width, int64_t channels, uint8_t* out) {
  const uint8_t* in = row.pixels;
  for (int64_t x = 0; x < width; ++x, in += row.step, out += channels) {
    const Rgb rgb = ToRgb()(in);
    if (channels == 3) {
      out[0] = rgb.r, out[1] = rgb.g, out[2] = rgb.b;
    } else {
      out[0] = luma(rgb.r, rgb.g, rgb.b);
    }
  }
}

}  // namespace

void write_row(const PixelRow& row, int64_t width, int64_t channels, uint8_t* out) {
  constexpr uint8_t kInk = 255, kLight = 0;
  switch (row.layout) {
    case PixelLayout::gray:
      return write<Gray>(row, width, channels, out);
    case PixelLayout::gray_alpha:
      return write<GrayAlpha>(row, width, channels, out);
    case PixelLayout::rgb:
      return write<Color>(row, width, channels, out);
    case PixelLayout::rgba:
      return write<ColorAlpha>(row, width, channels, out);
    case PixelLayout::cmyk:
      return write<Ink<kInk>>(row, width, channels, out);
    case PixelLayout::cmyk_inverted:
      return write<Ink<kLight>>(row, width, channels, out);
  }
}

}  // namespace pdmp::data
