// Bilinear resize of 8-bit pictures between the nearest neighbours only, bit for bit as OpenCV's INTER_LINEAR (checked
// against 4.6 and 5.0): a picture that shrinks is not smoothed first.
#pragma once

#include "pdmp/fwd.h"

namespace pdmp::data {

// As `resize` with Interpolation::bilinear_plain, which is what others call; the same conditions hold for `picture`.
Tensor resize_plain(const Tensor& picture, int64_t height, int64_t width);

}  // namespace pdmp::data
