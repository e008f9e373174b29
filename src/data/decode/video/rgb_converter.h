// Decoded frames of a video to RGB pictures the way up they are to be shown.
#pragma once

#include <filesystem>

#include "data/decode/ffmpeg.h"
#include "data/decode/pixels.h"

struct SwsContext;

namespace pdmp::data {

// The exact converters of swscale: the fast ones leave the last row or column of odd sizes out.
class RgbConverter {
 public:
  explicit RgbConverter(const std::filesystem::path& path) : path_(path) {}  // must outlive it
  ~RgbConverter();
  RgbConverter(const RgbConverter&) = delete;
  RgbConverter& operator=(const RgbConverter&) = delete;

  // 4:2:0 and whatever else -> (H, W, 3) uint8. `orientation`: EXIF's. Error{data} where FFmpeg knows no such pixel
  // format.
  Pixels convert(const AVFrame& source, int orientation);

 private:
  void use_colors(const AVFrame& source);

  const std::filesystem::path& path_;
  SwsContext* scaler_ = nullptr;
};

}  // namespace pdmp::data
