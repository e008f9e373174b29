// Parts of pictures: a fixed one, and the random one that training gets (RandomResizedCrop as torchvision defines it).
#pragma once

#include <string>

#include "pdmp/fwd.h"
#include "pdmp/random.h"

namespace pdmp::data {

struct CropBox {
  int64_t top = 0, left = 0, height = 0, width = 0;
  bool operator==(const CropBox&) const = default;
};

// A box of area [min_scale, 1] of a (height, width) picture and aspect ratio [3/4, 4/3], log-uniform; ten attempts,
// then the centre at the nearest allowed ratio. Sizes are rounded half to even; all draws come from `random`.
CropBox random_resized_crop(int64_t height, int64_t width, double min_scale, RandomStream& random);

// The same part of every picture, in whole pixels or in fractions of its sides.
struct FixedCrop {
  double x = 0, y = 0, width = 0, height = 0;
  bool fractions = false;
};

// Fractions where no number is above 1, else pixels.
FixedCrop make_fixed_crop(double x, double y, double width, double height);
// Whether it lies within a picture (in pixels: of some size) and is not empty.
bool is_valid(const FixedCrop& crop);
// In pixels of a picture; of a fraction, both edges are rounded, and it has one pixel at least. In pixels, it may reach
// beyond a small picture.
CropBox box_of(const FixedCrop& crop, int64_t height, int64_t width);
std::string text_of(const FixedCrop& crop);  // all of it, for a name

// (H, W, C) -> (box.height, box.width, C), a view.
Tensor crop(const Tensor& picture, const CropBox& box);

}  // namespace pdmp::data
