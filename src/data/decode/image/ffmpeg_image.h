// Still images that FFmpeg decodes: PNG and PPM.
#pragma once

#include <optional>
#include <string>

extern "C" {
#include <libavcodec/codec_id.h>
}

#include "data/decode/pixels.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

struct FfmpegImage {
  AVCodecID codec;
  const char* name;                         // of the format
  std::string bytes;                        // of a file of it
  std::optional<uint8_t> transparent_gray;  // of 8 bits; nothing: what is transparent, the file itself says
};

// (H, W, channels) uint8, channels 1 (ITU-R 601 luma) or 3 (RGB), transparency on white; 16-bit samples keep their
// upper byte. Error{data} naming the file where FFmpeg finds fault with it, or it has more than kMaxPixels.
Pixels decode_by_ffmpeg(const FileReading& reading, FfmpegImage image, int64_t channels);

}  // namespace pdmp::data
