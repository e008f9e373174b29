#include "data/decode/rgb_planes.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include "data/features/avx2.h"

namespace pdmp::data {
namespace {

PDMP_INLINE void interleave_row(const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t width, uint8_t* out) {
  for (int64_t x = 0; x < width; ++x) {
    out[3 * x] = r[x];
    out[3 * x + 1] = g[x];
    out[3 * x + 2] = b[x];
  }
}

void interleave_anywhere(const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t width, uint8_t* out) {
  interleave_row(r, g, b, width, out);
}
PDMP_AVX2 void interleave_avx2(const uint8_t* __restrict__ r, const uint8_t* __restrict__ g,
                               const uint8_t* __restrict__ b, int64_t width, uint8_t* __restrict__ out) {
  interleave_row(r, g, b, width, out);
}

void grey_row(const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t width, uint8_t* out) {
  for (int64_t x = 0; x < width; ++x) out[x] = luma(r[x], g[x], b[x]);
}

}  // namespace

bool goes_by_planes(int pixel_format) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(pixel_format));
  constexpr uint64_t kOthers = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL;
  return format != nullptr && (format->flags & kOthers) == 0;
}

Pixels interleave(const AVFrame& planes, int64_t channels) {
  const int64_t height = planes.height, width = planes.width;
  Pixels picture(height, width, channels);
  const auto write_row = channels == 1 ? grey_row : has_avx2() ? interleave_avx2 : interleave_anywhere;
  for (int64_t y = 0; y < height; ++y) {
    const auto row = [&](int plane) { return planes.data[plane] + y * planes.linesize[plane]; };
    write_row(row(2), row(0), row(1), width, picture.data() + y * width * channels);
  }
  return picture;
}

}  // namespace pdmp::data
