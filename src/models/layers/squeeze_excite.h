// Squeeze-and-excitation: a gate per channel, computed from the means of all channels (models.md 5.1).
#pragma once

#include <cstdint>
#include <torch/nn/modules/linear.h>

#include "pdmp/torch.h"

namespace pdmp::models {

// out = map * sigmoid(fc2(relu(fc1(mean of map over its positions)))). Parameters fc1 (hidden, channels) and
// fc2 (channels, hidden), with biases.
class SqueezeExciteImpl : public torch::nn::Module {
 public:
  SqueezeExciteImpl(int64_t channels, int64_t hidden);
  Tensor forward(const Tensor& map);  // (N, channels, h, w), the same out

 private:
  torch::nn::Linear fc1_, fc2_;
};
TORCH_MODULE(SqueezeExcite);

}  // namespace pdmp::models
