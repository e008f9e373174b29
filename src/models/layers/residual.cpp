#include "models/layers/residual.h"

namespace pdmp {
namespace {

torch::nn::Conv2d convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

}  // namespace

ResidualBlockImpl::ResidualBlockImpl(int64_t in, int64_t out, int64_t stride)
    : conv1_(convolution(in, out, 3, stride)), conv2_(convolution(out, out, 3, 1)), bn1_(out), bn2_(out) {
  register_module("conv1", conv1_);
  register_module("bn1", bn1_);
  register_module("conv2", conv2_);
  register_module("bn2", bn2_);
  if (stride != 1 || in != out) {
    downsample_ = register_module("downsample",
                                  torch::nn::Sequential(convolution(in, out, 1, stride), torch::nn::BatchNorm2d(out)));
  }
}

Tensor ResidualBlockImpl::forward(const Tensor& map) {
  // Nothing happens within a stage; a map from elsewhere is converted once instead of in every convolution's passes.
  const Tensor x = map.contiguous(conv1_->weight.suggest_memory_format());
  Tensor y = bn1_->forward(conv1_->forward(x)).relu_();
  y = bn2_->forward(conv2_->forward(y));
  y += downsample_.is_empty() ? x : downsample_->forward(x);
  return y.relu_();
}

torch::nn::Sequential residual_stage(int64_t in, int64_t out, int64_t stride, int64_t blocks) {
  torch::nn::Sequential stage(ResidualBlock(in, out, stride));
  for (int64_t i = 1; i < blocks; ++i) stage->push_back(ResidualBlock(out, out, 1));
  return stage;
}

}  // namespace pdmp
