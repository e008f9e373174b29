// Turns pictures, for training.
#pragma once

#include "pdmp/fwd.h"

namespace pdmp::data {

// Of the frame that would hold the whole turned picture, this share of its height and width is kept, the middle.
constexpr double kRotatedShare = 0.8;

// picture (H, W, C) uint8, turned clockwise about (W / 2, H / 2) -> (0.8 (H |cos| + W |sin|), 0.8 (H |sin| + W |cos|),
// C), whole pixels. Bilinear; black where there is no picture.
Tensor rotate(const Tensor& picture, double degrees);

}  // namespace pdmp::data
