// Which parameters of a network are filters of a convolution.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp::models {

// The weights of all convolution layers below `module`: over one, two or three dimensions.
std::vector<Tensor> convolution_filters(const torch::nn::Module& module);

}  // namespace pdmp::models
