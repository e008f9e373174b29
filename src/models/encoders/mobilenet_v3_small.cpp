// MobileNetV3-Small without classifier (Howard et al., "Searching for MobileNetV3", 2019, table 2), for devices where
// ResNet-18 is too much: a twelfth of its parameters. Names and constants are torchvision's, so that weights published
// for it fit.
#include <algorithm>
#include <array>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include "models/encoders/table.h"
#include "models/layers/conv_norm.h"

namespace pdmp::models {
namespace {

enum class Activation { none, relu, hard_swish };

struct ConvShape {
  int64_t in, out, kernel = 1, stride = 1, groups = 1;
  Activation activation = Activation::none;
};

// Convolution without bias and with kernel / 2 zeros at each border, BatchNorm, activation. Parameters 0 and 1.
class ConvNormImpl : public torch::nn::Module {
 public:
  explicit ConvNormImpl(const ConvShape& shape)
      : activation_(shape.activation),
        conv_(register_module("0", torch::nn::Conv2d(torch::nn::Conv2dOptions(shape.in, shape.out, shape.kernel)
                                                         .stride(shape.stride)
                                                         .padding(shape.kernel / 2)
                                                         .groups(shape.groups)
                                                         .bias(false)))),
        norm_(register_module(
            "1", torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(shape.out).eps(kEpsilon).momentum(kMomentum)))) {}

  Tensor forward(const Tensor& x) {
    const Tensor y = conv_norm(conv_, norm_, x, {.relu = activation_ == Activation::relu});
    return activation_ == Activation::hard_swish ? torch::hardswish(y) : y;
  }

 private:
  static constexpr double kEpsilon = 1e-3, kMomentum = 0.01;

  Activation activation_;
  torch::nn::Conv2d conv_;
  torch::nn::BatchNorm2d norm_;
};
TORCH_MODULE(ConvNorm);

// A quarter of `channels`, rounded to a multiple of 8, by no more than a tenth down.
int64_t squeezed(int64_t channels) {
  constexpr int64_t kUnit = 8;
  const int64_t quarter = channels / 4;
  const int64_t rounded = std::max(kUnit, (quarter + kUnit / 2) / kUnit * kUnit);
  return 10 * rounded < 9 * quarter ? rounded + kUnit : rounded;
}

// A gate per channel, a piecewise linear sigmoid of a small network on the channels' means.
class HardGateImpl : public torch::nn::Module {
 public:
  explicit HardGateImpl(int64_t channels)
      : fc1_(register_module("fc1", pointwise(channels, squeezed(channels)))),
        fc2_(register_module("fc2", pointwise(squeezed(channels), channels))) {}

  Tensor forward(const Tensor& map) {
    return map * torch::hardsigmoid(fc2_->forward(torch::relu(fc1_->forward(map.mean({2, 3}, /*keepdim=*/true)))));
  }

 private:
  static torch::nn::Conv2d pointwise(int64_t in, int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1));
  }

  torch::nn::Conv2d fc1_, fc2_;
};
TORCH_MODULE(HardGate);

struct BlockShape {
  int64_t in, kernel, expanded, out;
  bool gate;
  Activation activation;
  int64_t stride;
};

// Widen (unless `expanded` is `in`), filter each channel by itself, gate, narrow; added to the input where both have
// one shape. These parts are block.0, block.1, ...
class InvertedResidualImpl : public torch::nn::Module {
 public:
  explicit InvertedResidualImpl(const BlockShape& shape) : adds_(shape.stride == 1 && shape.in == shape.out) {
    const int64_t wide = shape.expanded;
    if (wide != shape.in) {
      block_->push_back(ConvNorm(ConvShape{.in = shape.in, .out = wide, .activation = shape.activation}));
    }
    block_->push_back(ConvNorm(ConvShape{.in = wide,
                                         .out = wide,
                                         .kernel = shape.kernel,
                                         .stride = shape.stride,
                                         .groups = wide,
                                         .activation = shape.activation}));
    if (shape.gate) block_->push_back(HardGate(wide));
    block_->push_back(ConvNorm(ConvShape{.in = wide, .out = shape.out}));
    register_module("block", block_);
  }

  Tensor forward(const Tensor& x) { return adds_ ? x + block_->forward(x) : block_->forward(x); }

 private:
  bool adds_;
  torch::nn::Sequential block_;
};
TORCH_MODULE(InvertedResidual);

constexpr auto kRelu = Activation::relu, kSwish = Activation::hard_swish;
// features.1 to features.11
constexpr std::array kBlocks = {
    BlockShape{16, 3, 16, 16, true, kRelu, 2},   BlockShape{16, 3, 72, 24, false, kRelu, 2},
    BlockShape{24, 3, 88, 24, false, kRelu, 1},  BlockShape{24, 5, 96, 40, true, kSwish, 2},
    BlockShape{40, 5, 240, 40, true, kSwish, 1}, BlockShape{40, 5, 240, 40, true, kSwish, 1},
    BlockShape{40, 5, 120, 48, true, kSwish, 1}, BlockShape{48, 5, 144, 48, true, kSwish, 1},
    BlockShape{48, 5, 288, 96, true, kSwish, 2}, BlockShape{96, 5, 576, 96, true, kSwish, 1},
    BlockShape{96, 5, 576, 96, true, kSwish, 1},
};
constexpr int64_t kWidth = 576;

class MobileNetV3Small : public Encoder {
 public:
  explicit MobileNetV3Small(int64_t channels) {
    features_->push_back(ConvNorm(ConvShape{
        .in = channels, .out = kBlocks.front().in, .kernel = 3, .stride = 2, .activation = Activation::hard_swish}));
    for (const BlockShape& shape : kBlocks) features_->push_back(InvertedResidual(shape));
    features_->push_back(
        ConvNorm(ConvShape{.in = kBlocks.back().out, .out = kWidth, .activation = Activation::hard_swish}));
    register_module("features", features_);
  }

  // x (B, C, h, w), or (B, C, T, h, w): T frames each, seen one by one and averaged. map (B, 576, h / 32, w / 32),
  // rounded up.
  Feature forward(const Tensor& x) override {
    if (x.dim() == 4) {
      const Tensor map = features_->forward(x);
      return {map, map.mean({2, 3})};
    }
    const Tensor frames = features_->forward(x.transpose(1, 2).flatten(0, 1));
    const Tensor map = frames.unflatten(0, {x.size(0), x.size(2)}).mean(1);
    return {map, map.mean({2, 3})};
  }
  int64_t width() const override { return kWidth; }

 private:
  torch::nn::Sequential features_;
};

class MobileNetV3SmallOptions : public EncoderOptions {
 public:
  std::shared_ptr<Encoder> make(const ModalityInfo& modality) const override {
    expect_pictures("mobilenet_v3_small", modality);
    return std::make_shared<MobileNetV3Small>(modality.shape[0]);
  }
};

}  // namespace

std::unique_ptr<EncoderOptions> mobilenet_v3_small_options() { return std::make_unique<MobileNetV3SmallOptions>(); }

}  // namespace pdmp::models
