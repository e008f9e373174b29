// A convolution and the BatchNorm behind it, as residual and inverted residual blocks have them.
#pragma once

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "models/layers/batch_norm.h"

namespace pdmp::models {

// batch_norm(norm, conv(x), after). In evaluation without gradients the norm is folded into the filters: the same
// numbers to rounding, without a pass of its own over the map.
Tensor conv_norm(torch::nn::Conv2d& conv, torch::nn::BatchNorm2d& norm, const Tensor& x, const AfterNorm& after);

}  // namespace pdmp::models
