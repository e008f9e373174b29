// SE-Fusion (models.md 5): the modalities' early maps, gated by squeeze-excite in their encoders, are put side by side
// as channels, and one late half of a ResNet-18 classifies the stack. Everything here is shared.
//
// Maps of another height or width than the largest are brought to its size: bilinearly, and those of a single position
// (encoders without a map) by repeating it.
#include <algorithm>
#include <numeric>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include "models/fusion/early_maps.h"
#include "models/layers/evaluation_mode.h"
#include "models/layers/residual.h"

namespace pdmp::models {
namespace {

// The first of those with the most positions.
const Tensor& largest(const std::vector<Tensor>& maps) {
  const auto positions = [](const Tensor& map) { return map.size(2) * map.size(3); };
  return *std::max_element(maps.begin(), maps.end(),
                           [&](const Tensor& a, const Tensor& b) { return positions(a) < positions(b); });
}

Tensor brought_to(const Tensor& map, int64_t height, int64_t width) {
  if (map.size(2) == height && map.size(3) == width) return map;
  if (map.size(2) == 1 && map.size(3) == 1) return map.expand({-1, -1, height, width});
  return torch::upsample_bilinear2d(map, {height, width}, /*align_corners=*/false);
}

// (B, sum of d_m, h, w)
Tensor junction(const std::vector<Tensor>& maps) {
  const Tensor& target = largest(maps);
  std::vector<Tensor> fitting;
  for (const Tensor& map : maps) fitting.push_back(brought_to(map, target.size(2), target.size(3)));
  return torch::cat(fitting, 1);
}

class SeFusion : public Fusion {
 public:
  // `width`: channels of the fronts' first stage, so that the trunk goes on with 4 width and 8 width.
  SeFusion(const std::vector<int64_t>& widths, int64_t width, int64_t classes)
      : layer3_(register_module(
            "layer3", residual_stage(std::accumulate(widths.begin(), widths.end(), int64_t{0}), 4 * width, 2))),
        layer4_(register_module("layer4", residual_stage(4 * width, 8 * width, 2))),
        fc_(register_module("fc", torch::nn::Linear(8 * width, classes))) {}

  Tensor forward(const std::vector<Feature>& features, const Tensor&) override { return logits(maps_of(features)); }

  // The other maps zero.
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor&) override {
    const std::vector<Tensor> maps = maps_of(features);
    std::vector<Tensor> result;
    for (size_t m = 0; m < maps.size(); ++m) result.push_back(logits(only(maps, m)));
    return result;
  }

  std::optional<int64_t> owner(const std::string&) const override { return std::nullopt; }

 private:
  Tensor logits(const std::vector<Tensor>& maps) {
    const Tensor stack = junction(maps);
    return pass_with_statistics(*this, stack.size(0), [&] { return trunk(stack); });
  }
  Tensor trunk(const Tensor& stack) { return fc_->forward(layer4_->forward(layer3_->forward(stack)).mean({2, 3})); }

  torch::nn::Sequential layer3_, layer4_;
  torch::nn::Linear fc_;
};

class SeFusionOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override {
    fronts_.describe(list);
    list.add("se", &reduction_, "Channels per hidden unit of the squeeze-excite gate of each front; 0 = no gate.")
        .at_least(0);
  }

  std::string encoder(const ModalityInfo& modality, const std::vector<ModalityInfo>& modalities) const override {
    return fronts_.encoder(modality, modalities, reduction_);
  }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    fronts_.check("se_fusion");
    return std::make_shared<SeFusion>(widths, fronts_.width, classes);
  }

 private:
  FrontOptions fronts_;
  int64_t reduction_ = 16;
};

}  // namespace

std::unique_ptr<FusionOptions> se_fusion_options() { return std::make_unique<SeFusionOptions>(); }

}  // namespace pdmp::models
