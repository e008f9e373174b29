// JPEG by libjpeg-turbo, as Pillow, OpenCV and torchvision use it: the same pixels, to the bit.
#pragma once

#include <functional>
#include <string_view>

#include "data/decode/pixels.h"
#include "data/features/crop.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

// Chooses the part that is wanted of a picture of that size.
using ChoosePart = std::function<CropBox(int64_t height, int64_t width)>;

// `bytes` of a JPEG file, baseline or progressive, grey, colour or CMYK -> (H, W, channels) uint8 of the part that
// `part` chooses, channels 1 (ITU-R 601 luma) or 3 (RGB). The pixels are those of the whole picture; rows below the
// part are not read, so damage there is not seen. Error{data} naming the file where bytes are missing or damaged, the
// picture has more than kMaxPixels, more scans of it follow each other than kMaxScannedPixels allow, or the reading is
// over. Thread-safe.
Pixels decode_jpeg(const FileReading& reading, std::string_view bytes, int64_t channels, const ChoosePart& part = {});

}  // namespace pdmp::data
