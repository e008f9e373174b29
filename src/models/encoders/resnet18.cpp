// ResNet-18 without classifier (models.md 1). Its parameters carry torchvision's names.
#include "models/encoders/table.h"
#include "models/layers/residual.h"

namespace pdmp {
namespace {

class ResNet18 : public Encoder {
 public:
  ResNet18(int64_t channels, int64_t width, int64_t stem)
      : width_(8 * width),
        conv1_(register_module(
            "conv1", torch::nn::Conv2d(
                         torch::nn::Conv2dOptions(channels, width, stem).stride(2).padding(stem / 2).bias(false)))),
        bn1_(register_module("bn1", torch::nn::BatchNorm2d(width))),
        layer1_(register_module("layer1", residual_stage(width, width, 1))),
        layer2_(register_module("layer2", residual_stage(width, 2 * width, 2))),
        layer3_(register_module("layer3", residual_stage(2 * width, 4 * width, 2))),
        layer4_(register_module("layer4", residual_stage(4 * width, 8 * width, 2))) {}

  // x (B, C, h, w), or (B, C, T, h, w): T frames each, seen one by one and averaged.
  // map (B, 8 width, h', w'), pooled (B, 8 width).
  Feature forward(const Tensor& x) override {
    if (x.dim() == 4) {
      const Tensor map = trunk(x);
      return {map, map.mean({2, 3})};
    }
    const int64_t frames = x.size(2);
    Tensor map = trunk(x.transpose(1, 2).flatten(0, 1));
    map = map.unflatten(0, {x.size(0), frames}).mean(1);
    return {map, map.mean({2, 3})};  // all frames are of one size, so the order of the means does not matter
  }
  int64_t width() const override { return width_; }

 private:
  Tensor trunk(const Tensor& pictures) {
    // One conversion to the weights' layout here, instead of one in every pass of the first convolution.
    const Tensor x = pictures.contiguous(conv1_->weight.suggest_memory_format());
    Tensor map = bn1_->forward(conv1_->forward(x)).relu_();
    map = torch::max_pool2d(map, 3, 2, 1);
    map = layer2_->forward(layer1_->forward(map));
    return layer4_->forward(layer3_->forward(map));
  }

  int64_t width_;
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d bn1_;
  torch::nn::Sequential layer1_, layer2_, layer3_, layer4_;
};

class ResNet18Options : public EncoderOptions {
 public:
  void describe(OptionList& list) override {
    list.add("width", &width_, "Channels of the first stage; the feature has eight times as many.")
        .at_least(1)
        .at_most(1024);
    list.add("stem", &stem_, "First convolution.").one_of({"7x7", "3x3"});
  }

  std::shared_ptr<Encoder> make(const ModalityInfo& modality) const override {
    const size_t rank = modality.shape.size();
    if (modality.type == "text" || (rank != 3 && rank != 4)) throw unfit_input("resnet18", modality);
    return std::make_shared<ResNet18>(modality.shape[0], width_, stem_ == "7x7" ? 7 : 3);
  }

 private:
  int64_t width_ = 64;
  std::string stem_ = "7x7";
};

}  // namespace

std::unique_ptr<EncoderOptions> resnet18_options() { return std::make_unique<ResNet18Options>(); }

}  // namespace pdmp
