// ISO/IEC 14496-12, 8.3.2: (a b u, c d v, x y w) maps the point (x, y) of the picture to (ax + cy, bx + dy).
#include "data/decode/header/display_matrix.h"

#include <cmath>

extern "C" {
#include <libavutil/display.h>
#include <libavutil/frame.h>
}

namespace pdmp::data {
namespace {

// Clockwise degrees from 0 to 359, from the direction the picture's rows take.
double clockwise_degrees(const int32_t* matrix) {
  constexpr double kCircle = 360;
  const double degrees = -std::round(av_display_rotation_get(matrix));
  return degrees - kCircle * std::floor(degrees / kCircle);
}

}  // namespace

int orientation_of_matrix(const int32_t* matrix) {
  const double degrees = clockwise_degrees(matrix);
  if (!std::isfinite(degrees)) return 1;
  const auto near = [&](double quarter) { return std::abs(degrees - quarter) <= 1; };
  const int32_t a = matrix[0], c = matrix[3], d = matrix[4];
  if (near(0) || near(360)) return d < 0 ? 4 : 1;
  if (near(90)) return c > 0 ? 5 : 6;
  if (near(180)) return a < 0 ? (d < 0 ? 3 : 2) : (d < 0 ? 4 : 1);
  if (near(270)) return c < 0 ? 7 : 8;
  return 0;
}

std::optional<int> orientation_of_frame(const AVFrame& frame) {
  constexpr size_t kBytes = 9 * sizeof(int32_t);
  const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  if (data == nullptr || data->size < kBytes) return std::nullopt;
  return orientation_of_matrix(reinterpret_cast<const int32_t*>(data->data));
}

}  // namespace pdmp::data
