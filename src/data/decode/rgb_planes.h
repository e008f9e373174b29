// Decoded frames in whatever YUV to RGB pictures, by way of planes: swscale writes planes three times as fast as
// interleaved pixels, with the same numbers.
#pragma once

#include "data/decode/ffmpeg.h"
#include "data/decode/pixels.h"

namespace pdmp::data {

// YUV or grey without alpha: has planes of the same numbers as swscale's interleaved formats.
bool goes_by_planes(int pixel_format);

// ITU-R 601, rounded; the weights sum to 2^16.
inline uint8_t luma(uint32_t r, uint32_t g, uint32_t b) {
  return static_cast<uint8_t>((19595u * r + 38470u * g + 7471u * b + 0x8000u) >> 16);
}

// planes in AV_PIX_FMT_GBRP -> (H, W, channels) uint8: RGB, or grey where `channels` is 1.
Pixels interleave(const AVFrame& planes, int64_t channels);

}  // namespace pdmp::data
