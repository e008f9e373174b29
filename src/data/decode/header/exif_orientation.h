// Pictures the way up they were taken.
#pragma once

#include "data/decode/header/exif.h"
#include "data/decode/pixels.h"

namespace pdmp::data {

// (H, W, C) stored, C = 1 or 3 -> as it should be seen: (W, H, C) for 5 to 8, which lie on their side.
Pixels turn_upright(const Pixels& picture, int orientation);

}  // namespace pdmp::data
