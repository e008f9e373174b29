// A picture file as 8-bit pixels.
#pragma once

#include <filesystem>

#include "pdmp/torch.h"

namespace pdmp {

constexpr int kSmallestDrawing = 256;  // an SVG whose longer edge is shorter is drawn at this size

// PNG, JPEG, WebP, BMP, PPM/PGM or SVG, told by content -> (H, W, channels) uint8, channels 1 or 3 (RGB).
// Transparency lies on white; 16-bit samples keep their upper byte; grey from colour is ITU-R 601 luma, rounded.
// Error{data} naming the file where it is missing, empty, cut, damaged, of more than kMaxPixels (limits.h) or no
// picture. Thread-safe.
Tensor decode_image(const std::filesystem::path& path, int64_t channels = 3);

}  // namespace pdmp
