// The basic residual block of ResNet-18 and stages of two (models.md 1.1). Names of parameters as in torchvision:
// conv1, bn1, conv2, bn2, downsample.0, downsample.1.
#pragma once

#include <cstdint>

#include "pdmp/torch.h"

namespace pdmp {

class ResidualBlockImpl : public torch::nn::Module {
 public:
  // The shortcut is a 1x1 convolution where the stride or the number of channels changes, else the identity.
  ResidualBlockImpl(int64_t in, int64_t out, int64_t stride);
  Tensor forward(const Tensor& x);  // (N, in, h, w) -> (N, out, ceil(h / stride), ceil(w / stride))

 private:
  torch::nn::Conv2d conv1_, conv2_;
  torch::nn::BatchNorm2d bn1_, bn2_;
  torch::nn::Sequential downsample_{nullptr};
};
TORCH_MODULE(ResidualBlock);

// Two blocks, the first with the stride; named 0 and 1.
torch::nn::Sequential residual_stage(int64_t in, int64_t out, int64_t stride);

}  // namespace pdmp
