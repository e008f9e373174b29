// Bytes to the numbers a network sees.
#pragma once

#include <vector>

#include "pdmp/fwd.h"

namespace pdmp::data {

// picture (H, W, C) uint8, mean and deviation per channel, in units of 255 -> (C, H, W) float32: (x / 255 - mean) /
// deviation.
Tensor normalise(const Tensor& picture, const std::vector<double>& mean, const std::vector<double>& deviation);

}  // namespace pdmp::data
