// The basic residual block of ResNet-18 and stages of them (models.md 1.1). Names of parameters as in torchvision:
// conv1, bn1, conv2, bn2, downsample.0, downsample.1.
#pragma once

#include <cstdint>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include "pdmp/torch.h"

namespace pdmp::models {

class ResidualBlockImpl : public torch::nn::Module {
 public:
  // The shortcut is a 1x1 convolution where the stride or the number of channels changes, else the identity.
  ResidualBlockImpl(int64_t in, int64_t out, int64_t stride);
  // (N, in, h, w) -> (N, out, ceil(h / stride), ceil(w / stride)). The map may lie in memory as it likes: it is brought
  // to the layout of the filters.
  Tensor forward(const Tensor& map);

 private:
  Tensor shortcut(const Tensor& x);

  torch::nn::Conv2d conv1_, conv2_, downsample_conv_{nullptr};
  torch::nn::BatchNorm2d bn1_, bn2_, downsample_norm_{nullptr};
};
TORCH_MODULE(ResidualBlock);

// The first block has the stride; named 0, 1, ...
torch::nn::Sequential residual_stage(int64_t in, int64_t out, int64_t stride, int64_t blocks = 2);

}  // namespace pdmp::models
