// TIFF images by libtiff, as Pillow uses it.
#pragma once

#include <string_view>

#include "data/decode/pixels.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

// `bytes` of a TIFF or BigTIFF file -> its first image, (H, W, channels) uint8, channels 1 (ITU-R 601 luma) or 3 (RGB),
// transparency on white. Gray, RGB, CMYK, YCbCr and palettes of 1, 2, 4, 8 and 16 bits (of which the upper byte is
// kept), in strips or tiles, together or in planes, of any compression that libtiff knows. Error{data} naming the file
// where it is cut or damaged, of another kind, or has more than kMaxPixels. Thread-safe.
Pixels decode_tiff(const FileReading& reading, std::string_view bytes, int64_t channels);

}  // namespace pdmp::data
