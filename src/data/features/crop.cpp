#include "data/features/crop.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "pdmp/tensor.h"

namespace pdmp::data {
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

// Of one direction: where the part begins and how long it is.
std::pair<int64_t, int64_t> part_of(double begin, double length, bool fraction, int64_t all) {
  const double scale = fraction ? static_cast<double>(all) : 1;
  const int64_t first = std::llround(begin * scale), last = std::llround((begin + length) * scale);
  if (!fraction) return {first, last - first};
  const int64_t within = std::min(first, all - 1);
  return {within, std::max<int64_t>(std::min(last, all) - within, 1)};
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

FixedCrop make_fixed_crop(double x, double y, double width, double height) {
  return {x, y, width, height, std::max({x, y, width, height}) <= 1};
}

bool is_valid(const FixedCrop& crop) {
  constexpr double kMost = 1 << 24, kRounding = 1e-9;  // pixels; 0.7 + 0.3 is above 1 in binary
  const double least = std::min(crop.x, crop.y), right = crop.x + crop.width, bottom = crop.y + crop.height;
  if (!(least >= 0) || !(crop.width > 0) || !(crop.height > 0)) return false;
  if (crop.fractions) return std::max(right, bottom) <= 1 + kRounding;
  const auto is_whole = [](double value) { return value == std::floor(value); };
  return is_whole(crop.x) && is_whole(crop.y) && is_whole(crop.width) && is_whole(crop.height) &&
         std::max(right, bottom) <= kMost;
}

CropBox box_of(const FixedCrop& crop, int64_t height, int64_t width) {
  const auto [left, across] = part_of(crop.x, crop.width, crop.fractions, width);
  const auto [top, down] = part_of(crop.y, crop.height, crop.fractions, height);
  return {top, left, down, across};
}

std::string text_of(const FixedCrop& crop) {
  return fmt::format("{} {} {} {} {}", crop.x, crop.y, crop.width, crop.height, crop.fractions);
}

Tensor crop(const Tensor& picture, const CropBox& box) {
  return picture.narrow(0, box.top, box.height).narrow(1, box.left, box.width);
}

}  // namespace pdmp::data
