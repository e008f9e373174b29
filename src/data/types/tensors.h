// What decoders give and encoders take, as tensors: the memory is the same.
#pragma once

#include <vector>

#include "data/decode/pixels.h"
#include "pdmp/fwd.h"

namespace pdmp::data {

Tensor tensor_of(const Pixels& pixels);        // (height, width, channels) uint8
Tensor tensor_of(std::vector<float> samples);  // (n) float32

// (H, W, C) uint8; of another layout, a copy. Error{data} for another shape or type.
Pixels pixels_of(const Tensor& picture);

}  // namespace pdmp::data
