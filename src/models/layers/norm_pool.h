// The end of a ResNet's stem as one operation: BatchNorm, ReLU and max pooling of the largest map of all, which then
// need not be kept.
#pragma once

#include <torch/nn/modules/batchnorm.h>

#include "pdmp/torch.h"

namespace pdmp::models {

// max_pool(relu(norm(x))), 3x3 with stride 2 and a border of 1: (N, C, h, w) -> (N, C, ceil(h / 2), ceil(w / 2)).
// Kernels and their limits are those of batch_norm.h.
Tensor norm_relu_pool(torch::nn::BatchNorm2d& norm, const Tensor& x);

}  // namespace pdmp::models
