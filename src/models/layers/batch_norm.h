// BatchNorm of maps with what usually follows it, as one operation: fewer passes over memory, which is what BatchNorm
// costs.
#pragma once

#include <torch/nn/modules/batchnorm.h>

#include "pdmp/torch.h"

namespace pdmp::models {

struct AfterNorm {
  bool relu = true;
  Tensor added{};  // to the normalized map, before the ReLU; of its shape
};

// relu(norm(x) + added). In training, of maps in channels-last order, by kernels of our own with one node in the graph;
// everything else by LibTorch's operations. Both give the same numbers to rounding. The kernels have no second
// derivatives.
Tensor batch_norm(torch::nn::BatchNorm2d& norm, const Tensor& x, const AfterNorm& after);

}  // namespace pdmp::models
