// WebP images by libwebp, as Pillow uses it: the same pixels, to the bit.
#pragma once

#include <string_view>

#include "data/decode/pixels.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

// `bytes` of a WebP file, lossy or lossless, still or animated -> (H, W, channels) uint8 of its first frame, channels 1
// (ITU-R 601 luma) or 3 (RGB), transparency on white. Error{data} naming the file where it is cut or damaged, or has
// more than kMaxPixels. Thread-safe.
Pixels decode_webp(const FileReading& reading, std::string_view bytes, int64_t channels);

}  // namespace pdmp::data
