// Portable bitmaps, graymaps and pixmaps: PBM, PGM, PPM.
#pragma once

#include <string_view>

#include "data/decode/pixels.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

// `bytes` of a file, binary (P4, P5, P6) or plain (P1, P2, P3) -> (H, W, channels) uint8, channels 1 (ITU-R 601 luma)
// or 3 (RGB). As with Pillow, samples are scaled from their largest value to 255, rounded; of gray with more than 8
// bits to 65535, of which the upper byte is kept. Error{data} naming the file where it is cut or damaged, or has more
// than kMaxPixels. Thread-safe.
Pixels decode_pnm(const FileReading& reading, std::string_view bytes, int64_t channels);

}  // namespace pdmp::data
