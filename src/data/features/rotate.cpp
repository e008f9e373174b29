#include "data/features/rotate.h"

#include <ATen/ops/empty.h>
#include <cmath>

#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

// Adds `weight` times the pixel at (x, y) to `sums`, nothing where the picture has none.
void add_pixel(const Tensor& picture, int64_t x, int64_t y, double weight, double* sums) {
  if (x < 0 || y < 0 || x >= picture.size(1) || y >= picture.size(0)) return;
  const uint8_t* pixel = picture.const_data_ptr<uint8_t>() + (y * picture.size(1) + x) * picture.size(2);
  for (int64_t c = 0; c < picture.size(2); ++c) sums[c] += weight * pixel[c];
}

void sample(const Tensor& picture, double x, double y, uint8_t* out) {
  const auto left = static_cast<int64_t>(std::floor(x)), top = static_cast<int64_t>(std::floor(y));
  const double right_weight = x - static_cast<double>(left), low_weight = y - static_cast<double>(top);
  double sums[4] = {};
  add_pixel(picture, left, top, (1 - right_weight) * (1 - low_weight), sums);
  add_pixel(picture, left + 1, top, right_weight * (1 - low_weight), sums);
  add_pixel(picture, left, top + 1, (1 - right_weight) * low_weight, sums);
  add_pixel(picture, left + 1, top + 1, right_weight * low_weight, sums);
  for (int64_t c = 0; c < picture.size(2); ++c) out[c] = static_cast<uint8_t>(sums[c] + 0.5);
}

}  // namespace

Tensor rotate(const Tensor& picture, double degrees) {
  const Tensor source = picture.contiguous();
  const double radians = degrees * M_PI / 180, s = std::sin(radians), c = std::cos(radians);
  const auto h = static_cast<double>(source.size(0)), w = static_cast<double>(source.size(1));
  const auto height = static_cast<int64_t>(kRotatedShare * (h * std::abs(c) + w * std::abs(s)));
  const auto width = static_cast<int64_t>(kRotatedShare * (h * std::abs(s) + w * std::abs(c)));
  Tensor result = at::empty({height, width, source.size(2)}, at::kByte);
  uint8_t* out = result.data_ptr<uint8_t>();
  for (int64_t y = 0; y < height; ++y) {
    const double down = static_cast<double>(y) - static_cast<double>(height) / 2;
    for (int64_t x = 0; x < width; ++x, out += source.size(2)) {
      const double across = static_cast<double>(x) - static_cast<double>(width) / 2;
      sample(source, c * across + s * down + w / 2, c * down - s * across + h / 2, out);
    }
  }
  return result;
}

}  // namespace pdmp::data
