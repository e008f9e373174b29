// The random crop that training pictures get (RandomResizedCrop as torchvision defines it).
#pragma once

#include "pdmp/random.h"
#include "pdmp/torch.h"

namespace pdmp {

struct CropBox {
  int64_t top = 0, left = 0, height = 0, width = 0;
  bool operator==(const CropBox&) const = default;
};

// A box of area [min_scale, 1] of a (height, width) picture and aspect ratio [3/4, 4/3], log-uniform; ten attempts,
// then the centre at the nearest allowed ratio. Sizes are rounded half to even; all draws come from `random`.
CropBox random_resized_crop(int64_t height, int64_t width, double min_scale, RandomStream& random);

// (H, W, C) -> (box.height, box.width, C), a view.
Tensor crop(const Tensor& picture, const CropBox& box);

}  // namespace pdmp
