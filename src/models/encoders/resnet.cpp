#include "models/encoders/resnet.h"

#include <fmt/format.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <utility>

#include "models/encoders/table.h"
#include "models/layers/norm_pool.h"
#include "models/layers/residual.h"

namespace pdmp::models {
namespace {

torch::nn::Conv2d stem_convolution(int64_t channels, const ResNetShape& shape) {
  const int64_t kernel = shape.stem == "7x7" ? 7 : 3;
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(channels, shape.width, kernel).stride(2).padding(kernel / 2).bias(false));
}

class ResNetOptions : public EncoderOptions {
 public:
  ResNetOptions(std::string name, std::vector<int64_t> blocks) : name_(std::move(name)) {
    shape_.blocks = std::move(blocks);
  }

  void describe(OptionList& list) override {
    list.add("width", &shape_.width, "Channels of the first stage; the feature has eight times as many.")
        .at_least(1)
        .at_most(1024);
    list.add("stem", &shape_.stem, "First convolution.").one_of({"7x7", "3x3"});
    describe_layout(list, shape_);
  }

  std::shared_ptr<Encoder> make(const ModalityInfo& modality) const override {
    expect_pictures(name_, modality);
    return std::make_shared<ResNet>(picture_channels(modality, shape_), shape_);
  }

 private:
  std::string name_;
  ResNetShape shape_;
};

}  // namespace

int64_t picture_channels(const ModalityInfo& modality, const ResNetShape& shape) {
  const bool frames_first = modality.shape.size() == 4 && shape.layout == "BTCHW";
  return modality.shape[frames_first ? 1 : 0];
}

void describe_layout(OptionList& list, ResNetShape& shape) {
  list.add("layout", &shape.layout, "Order of the dimensions of several frames: T frames of C channels.")
      .one_of({"BCTHW", "BTCHW"});
}

ResNet::ResNet(int64_t channels, const ResNetShape& shape)
    : width_(shape.width << (shape.blocks.size() - 1)),
      frame_dim_(shape.layout == "BTCHW" ? 1 : 2),
      conv1_(register_module("conv1", stem_convolution(channels, shape))),
      bn1_(register_module("bn1", torch::nn::BatchNorm2d(shape.width))) {
  int64_t in = shape.width;
  for (size_t i = 0; i < shape.blocks.size(); ++i) {
    const int64_t out = shape.width << i;
    stages_.push_back(
        register_module(fmt::format("layer{}", i + 1), residual_stage(in, out, i == 0 ? 1 : 2, shape.blocks[i])));
    in = out;
  }
}

Feature ResNet::forward(const Tensor& x) {
  if (x.dim() == 4) {
    const Tensor map = trunk(x);
    return {map, map.mean({2, 3})};
  }
  const int64_t frames = x.size(frame_dim_);
  const Tensor map = trunk(x.transpose(1, frame_dim_).flatten(0, 1)).unflatten(0, {x.size(0), frames}).mean(1);
  return {map, map.mean({2, 3})};  // all frames are of one size, so the order of the means does not matter
}

Tensor ResNet::trunk(const Tensor& pictures) {
  // One conversion to the weights' layout here, instead of one in every pass of the first convolution.
  const Tensor x = pictures.contiguous(conv1_->weight.suggest_memory_format());
  Tensor map = norm_relu_pool(bn1_, conv1_->forward(x));
  for (torch::nn::Sequential& stage : stages_) map = stage->forward(map);
  return map;
}

std::unique_ptr<EncoderOptions> resnet18_options() {
  return std::make_unique<ResNetOptions>("resnet18", std::vector<int64_t>{2, 2, 2, 2});
}

std::unique_ptr<EncoderOptions> resnet34_options() {
  return std::make_unique<ResNetOptions>("resnet34", std::vector<int64_t>{3, 4, 6, 3});
}

}  // namespace pdmp::models
