// PNG images.
#pragma once

#include <string_view>

#include "data/decode/pixels.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

// `bytes` of a PNG file -> (H, W, channels) uint8, channels 1 (ITU-R 601 luma) or 3 (RGB), transparency on white;
// 16-bit samples keep their upper byte. Of what is not pixels (color profiles, dates, texts) nothing is read, so that
// damage there does not matter. Error{data} naming the file where pixels are cut or damaged, or it has more than
// kMaxPixels. Thread-safe.
Pixels decode_png(const FileReading& reading, std::string_view bytes, int64_t channels);

}  // namespace pdmp::data
