// ResNets of basic blocks without classifier (models.md 1): resnet18, resnet34 and the early half resnet18_front.
#pragma once

#include <cstdint>
#include <string>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <vector>

#include "pdmp/model.h"

namespace pdmp::models {

struct ResNetShape {
  int64_t width = 64;            // channels of the first stage; each further one has twice as many
  std::string stem = "7x7";      // first convolution: 7x7 | 3x3
  std::vector<int64_t> blocks;   // of each stage
  std::string layout = "BCTHW";  // of several frames: BCTHW, as data sets give them, or BTCHW
};

// Channels of the pictures of `modality`.
int64_t picture_channels(const ModalityInfo& modality, const ResNetShape& shape);
void describe_layout(OptionList& list, ResNetShape& shape);

// Its parameters carry torchvision's names: conv1, bn1, layer1, layer2, ...
class ResNet : public Encoder {
 public:
  ResNet(int64_t channels, const ResNetShape& shape);
  // x (B, C, h, w), or (B, C, T, h, w), by layout (B, T, C, h, w): T frames each, seen one by one and averaged.
  // map (B, width(), h', w').
  Feature forward(const Tensor& x) override;
  int64_t width() const override { return width_; }

 protected:
  // (N, C, h, w) -> (N, width(), h', w'): each stage after the first halves the stem's h / 4, w / 4.
  virtual Tensor trunk(const Tensor& pictures);

 private:
  int64_t width_;
  int64_t frame_dim_;  // of x with several frames
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d bn1_;
  std::vector<torch::nn::Sequential> stages_;
};

}  // namespace pdmp::models
