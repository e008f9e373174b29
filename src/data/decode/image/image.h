// An image file as 8-bit pixels.
#pragma once

#include <filesystem>

#include "data/decode/image/decode_jpeg.h"
#include "data/decode/pixels.h"

namespace pdmp::data {

constexpr int kSmallestDrawing = 256;  // an SVG whose longer edge is shorter is drawn this wide

// PNG, JPEG, WebP, GIF, TIFF, BMP, PPM/PGM or SVG, told by content -> (H, W, channels) uint8, channels 1 or 3 (RGB), of
// several images in it the first, the way up that EXIF or XMP says. Transparency lies on white; 16-bit samples keep
// their upper byte; gray from color is ITU-R 601 luma, rounded. `part`: only what it chooses of the picture, for which
// a JPEG is not decoded as a whole. Error{data} naming the file where it is missing, empty, cut, damaged (unless
// `limits` are lenient and Pillow reads it), of more than kMaxPixels (limits.h) or no picture, or where reading it goes
// beyond `limits`. Thread-safe.
Pixels decode_image(const std::filesystem::path& path, int64_t channels = 3, const ChoosePart& part = {},
                    const FileLimits& limits = {});

}  // namespace pdmp::data
