// Pictures the way up they were taken.
#pragma once

#include "data/decode/header/exif.h"
#include "pdmp/fwd.h"

namespace pdmp {

// (H, W, C) stored -> as it should be seen: (W, H, C) for 5 to 8, which lie on their side.
Tensor turn_upright(const Tensor& picture, int orientation);

}  // namespace pdmp
