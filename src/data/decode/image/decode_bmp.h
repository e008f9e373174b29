// Windows and OS/2 bitmaps.
#pragma once

#include <string_view>

#include "data/decode/pixels.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

// `bytes` of a BMP file -> (H, W, channels) uint8, channels 1 (ITU-R 601 luma) or 3 (RGB); its alpha, where it has a
// mask for that, lies on white. Headers of OS/2 1 and 2 and of Windows 3 to 5; 1, 2, 4, 8, 16, 24 and 32 bits; any
// masks; RLE4 and RLE8. Error{data} naming the file where bytes are missing or say something else, or the picture has
// more than kMaxPixels. Thread-safe.
Pixels decode_bmp(const FileReading& reading, std::string_view bytes, int64_t channels);

}  // namespace pdmp::data
