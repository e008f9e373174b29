// The early half of ResNet-18, up to layer2: what fusions that join maps want of each modality (models.md 5.1, 6.2,
// 7.1). Optionally its channels are gated, and its input resized and repeated, so that the maps of different modalities
// fit together (5.2).
#include <algorithm>
#include <array>
#include <optional>

#include "models/encoders/resnet.h"
#include "models/encoders/table.h"
#include "models/layers/squeeze_excite.h"

namespace pdmp::models {
namespace {

struct FrontInput {
  std::optional<std::array<int64_t, 2>> size;  // pictures are resized to, nothing: as they come
  int64_t repeat = 0;                          // channels one channel is repeated to, 0: as it comes
};

class ResNet18Front : public ResNet {
 public:
  // `reduction`: of the squeeze-excite gate, 0 = none.
  ResNet18Front(int64_t channels, const ResNetShape& shape, const FrontInput& input, int64_t reduction)
      : ResNet(channels == 1 && input.repeat > 0 ? input.repeat : channels, shape), input_(input) {
    if (reduction > 0) {
      se_ = register_module("se", SqueezeExcite(width(), std::max<int64_t>(1, width() / reduction)));
    }
  }

 protected:
  Tensor trunk(const Tensor& pictures) override {
    const Tensor map = ResNet::trunk(repeated(resized(pictures)));
    return se_.is_empty() ? map : se_->forward(map);
  }

 private:
  Tensor resized(const Tensor& x) const {
    if (!input_.size || (x.size(2) == input_.size->front() && x.size(3) == input_.size->back())) return x;
    return torch::upsample_bilinear2d(x, *input_.size, /*align_corners=*/false);
  }
  Tensor repeated(const Tensor& x) const {
    return input_.repeat > 0 && x.size(1) == 1 ? x.expand({-1, input_.repeat, -1, -1}) : x;
  }

  FrontInput input_;
  SqueezeExcite se_{nullptr};
};

class ResNet18FrontOptions : public EncoderOptions {
 public:
  void describe(OptionList& list) override {
    list.add("width", &shape_.width, "Channels of the first stage; the feature has twice as many.")
        .at_least(1)
        .at_most(1024);
    list.add("stem", &shape_.stem, "First convolution.").one_of({"3x3", "7x7"});
    describe_layout(list, shape_);
    list.add("se", &reduction_, "Channels per hidden unit of a squeeze-excite gate on the map; 0 = no gate.")
        .at_least(0);
    list.add("size", &size_, "HxW that pictures are resized to; empty = as they come.");
    list.add("repeat", &repeat_, "Channels that an input of one channel is repeated to; 0 = as it comes.").at_least(0);
  }

  std::shared_ptr<Encoder> make(const ModalityInfo& modality) const override {
    expect_pictures("resnet18_front", modality);
    FrontInput input{std::nullopt, repeat_};
    if (!size_.empty()) {
      input.size = height_and_width(size_, "encoder of modality '" + modality.name + "': resnet18_front:size");
    }
    return std::make_shared<ResNet18Front>(picture_channels(modality, shape_), shape_, input, reduction_);
  }

 private:
  ResNetShape shape_{64, "3x3", {2, 2}};
  int64_t reduction_ = 0, repeat_ = 0;
  std::string size_;
};

}  // namespace

std::unique_ptr<EncoderOptions> resnet18_front_options() { return std::make_unique<ResNet18FrontOptions>(); }

}  // namespace pdmp::models
