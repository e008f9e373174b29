// GIF images.
#pragma once

#include <string_view>

#include "data/decode/pixels.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

// `bytes` of a GIF file -> its first frame on its canvas, (H, W, channels) uint8, channels 1 (ITU-R 601 luma) or 3
// (RGB), transparency on white. As with Pillow, what the frame does not cover is transparent where it has a transparent
// color, else the first color. Error{data} naming the file where the frame is cut or damaged, or has more than
// kMaxPixels. Thread-safe.
Pixels decode_gif(const FileReading& reading, std::string_view bytes, int64_t channels);

}  // namespace pdmp::data
