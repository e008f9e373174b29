// Resize of 8-bit pictures: antialiased, bit for bit as Pillow does it (checked against Pillow 9.4); or plain.
#pragma once

#include "pdmp/fwd.h"

namespace pdmp::data {

enum class Interpolation { bilinear, bicubic, bilinear_plain };

// picture (H, W, C) uint8, C <= 4, pixels contiguous within a row (crops that are views will do) -> (height, width, C).
// Two passes in fixed point, horizontal first, each rounded to 8 bits; a pass that changes no size is skipped.
// bilinear_plain: as resize_plain.h says.
Tensor resize(const Tensor& picture, int64_t height, int64_t width,
              Interpolation interpolation = Interpolation::bilinear);

}  // namespace pdmp::data
