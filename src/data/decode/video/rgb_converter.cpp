#include "data/decode/video/rgb_converter.h"

#include <cstring>

extern "C" {
#include <libswscale/swscale.h>
}

#include <fmt/format.h>

#include "data/decode/header/exif_orientation.h"
#include "data/decode/rgb_planes.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

// RGB24 without the gaps between its rows.
Pixels copy_rows(const AVFrame& frame) {
  Pixels picture(frame.height, frame.width, 3);
  const size_t row = static_cast<size_t>(frame.width) * 3;
  for (int y = 0; y < frame.height; ++y) {
    std::memcpy(picture.data() + static_cast<size_t>(y) * row,
                frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0], row);
  }
  return picture;
}

}  // namespace

RgbConverter::~RgbConverter() { sws_freeContext(scaler_); }

Pixels RgbConverter::convert(const AVFrame& source, int orientation) {
  const bool by_planes = goes_by_planes(source.format);
  const AVPixelFormat format = by_planes ? AV_PIX_FMT_GBRP : AV_PIX_FMT_RGB24;
  scaler_ = sws_getCachedContext(scaler_, source.width, source.height, static_cast<AVPixelFormat>(source.format),
                                 source.width, source.height, format,
                                 SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr);
  const auto target = make_frame();
  target->format = format;
  target->width = source.width;
  target->height = source.height;
  if (scaler_ == nullptr || av_frame_get_buffer(target.get(), 0) < 0) {
    refuse_media(path_, "a video of a known pixel format", fmt::format("format {}", source.format));
  }
  use_colors(source);
  sws_scale(scaler_, source.data, source.linesize, 0, source.height, target->data, target->linesize);
  return turn_upright(by_planes ? interleave(*target, 3) : copy_rows(*target), orientation);
}

// The matrix the file declares, else ITU-R 601, which is what files that declare none are read with everywhere. swscale
// knows by itself that the yuvj formats have the full range.
void RgbConverter::use_colors(const AVFrame& source) {
  int *inverse = nullptr, *table = nullptr;
  int from_full = 0, to_full = 0, brightness = 0, contrast = 0, saturation = 0;
  if (sws_getColorspaceDetails(scaler_, &inverse, &from_full, &table, &to_full, &brightness, &contrast, &saturation) <
      0) {
    return;
  }
  if (source.color_range == AVCOL_RANGE_JPEG) from_full = 1;
  sws_setColorspaceDetails(scaler_, sws_getCoefficients(source.colorspace), from_full, table, 1, brightness, contrast,
                           saturation);
}

}  // namespace pdmp::data
