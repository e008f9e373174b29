// Antialiased resize of 8-bit pictures, bit for bit as Pillow does it (checked against Pillow 9.4).
#pragma once

#include "pdmp/torch.h"

namespace pdmp {

enum class Interpolation { bilinear, bicubic };

// picture (H, W, C) uint8, C <= 4, pixels contiguous within a row (crops that are views will do) -> (height, width, C).
// Two passes in fixed point, horizontal first, each rounded to 8 bits; a pass that changes no size is skipped.
Tensor resize(const Tensor& picture, int64_t height, int64_t width,
              Interpolation interpolation = Interpolation::bilinear);

}  // namespace pdmp
