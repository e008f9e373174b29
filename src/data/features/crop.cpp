#include "data/features/crop.h"

#include <cmath>

namespace pdmp {
namespace {

constexpr double kNarrowest = 3.0 / 4, kWidest = 4.0 / 3;

int64_t round_half_even(double value) { return static_cast<int64_t>(std::nearbyint(value)); }

CropBox centre_box(int64_t height, int64_t width) {
  const double ratio = static_cast<double>(width) / static_cast<double>(height);
  CropBox box{0, 0, height, width};
  if (ratio < kNarrowest) box.height = round_half_even(static_cast<double>(width) / kNarrowest);
  if (ratio > kWidest) box.width = round_half_even(static_cast<double>(height) * kWidest);
  box.top = (height - box.height) / 2;
  box.left = (width - box.width) / 2;
  return box;
}

}  // namespace

CropBox random_resized_crop(int64_t height, int64_t width, double min_scale, RandomStream& random) {
  constexpr int kAttempts = 10;
  const double area = static_cast<double>(height) * static_cast<double>(width);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double target = area * random.uniform(min_scale, 1);
    const double ratio = std::exp(random.uniform(std::log(kNarrowest), std::log(kWidest)));
    CropBox box;
    box.width = round_half_even(std::sqrt(target * ratio));
    box.height = round_half_even(std::sqrt(target / ratio));
    if (box.width <= 0 || box.width > width || box.height <= 0 || box.height > height) continue;
    box.top = random.integer(0, height - box.height);
    box.left = random.integer(0, width - box.width);
    return box;
  }
  return centre_box(height, width);
}

Tensor crop(const Tensor& picture, const CropBox& box) {
  return picture.narrow(0, box.top, box.height).narrow(1, box.left, box.width);
}

}  // namespace pdmp
