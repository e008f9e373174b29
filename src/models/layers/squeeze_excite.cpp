#include "models/layers/squeeze_excite.h"

#include <torch/nn/modules/linear.h>

namespace pdmp::models {

SqueezeExciteImpl::SqueezeExciteImpl(int64_t channels, int64_t hidden)
    : fc1_(register_module("fc1", torch::nn::Linear(channels, hidden))),
      fc2_(register_module("fc2", torch::nn::Linear(hidden, channels))) {}

Tensor SqueezeExciteImpl::forward(const Tensor& map) {
  const Tensor gate = torch::sigmoid(fc2_->forward(torch::relu(fc1_->forward(map.mean({2, 3})))));
  return map * gate.unsqueeze(2).unsqueeze(3);
}

}  // namespace pdmp::models
