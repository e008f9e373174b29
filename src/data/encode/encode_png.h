// Pixels to a PNG file: what importers and tests leave on disk.
#pragma once

#include <filesystem>

#include "data/decode/pixels.h"

namespace pdmp::data {

// picture (H, W, C) uint8, C = 1 (grey), 3 (RGB) or 4 (RGB and alpha). Error{io} where it cannot be written.
void write_png(const std::filesystem::path& path, const Pixels& picture);

}  // namespace pdmp::data
