#include "models/layers/residual.h"

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include "models/layers/conv_norm.h"
#include "models/layers/convolution.h"

namespace pdmp::models {
namespace {

torch::nn::Conv2d convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return formed_convolution(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

}  // namespace

ResidualBlockImpl::ResidualBlockImpl(int64_t in, int64_t out, int64_t stride)
    : conv1_(convolution(in, out, 3, stride)), conv2_(convolution(out, out, 3, 1)), bn1_(out), bn2_(out) {
  register_module("conv1", conv1_);
  register_module("bn1", bn1_);
  register_module("conv2", conv2_);
  register_module("bn2", bn2_);
  if (stride != 1 || in != out) {
    downsample_conv_ = convolution(in, out, 1, stride);
    downsample_norm_ = torch::nn::BatchNorm2d(out);
    register_module("downsample", torch::nn::Sequential(downsample_conv_, downsample_norm_));
  }
}

Tensor ResidualBlockImpl::forward(const Tensor& map) {
  // Nothing happens within a stage; a map from elsewhere is converted once instead of in every convolution's passes.
  const Tensor x = map.contiguous(conv1_->weight.suggest_memory_format());
  const Tensor y = conv_norm(conv1_, bn1_, x, {.relu = true});
  return conv_norm(conv2_, bn2_, y, {.relu = true, .added = shortcut(x)});
}

Tensor ResidualBlockImpl::shortcut(const Tensor& x) {
  if (downsample_conv_.is_empty()) return x;
  return conv_norm(downsample_conv_, downsample_norm_, x, {.relu = false});
}

torch::nn::Sequential residual_stage(int64_t in, int64_t out, int64_t stride, int64_t blocks) {
  torch::nn::Sequential stage(ResidualBlock(in, out, stride));
  for (int64_t i = 1; i < blocks; ++i) stage->push_back(ResidualBlock(out, out, 1));
  return stage;
}

}  // namespace pdmp::models
