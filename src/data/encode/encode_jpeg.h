// Pixels to a JPEG file: what importers leave of videos.
#pragma once

#include <filesystem>

#include "data/decode/pixels.h"

namespace pdmp::data {

// picture (H, W, 3) uint8 RGB -> 4:2:0 with libjpeg's `quality` (1 to 100); 95 is what OpenCV writes by default.
// Error{io} where it cannot be written.
void write_jpeg(const std::filesystem::path& path, const Pixels& picture, int quality = 95);

}  // namespace pdmp::data
