// f = W (sigmoid(h_1) * h_2) + b with h_m = A_m z_m + a_m of one width (models.md 2.4): one modality opens the gate of
// the other. h of an absent modality is zero, so its gate stands half open.
#include <torch/nn/modules/linear.h>

#include "models/fusion/features.h"
#include "models/fusion/modalities.h"

namespace pdmp::models {
namespace {

class Gated : public Fusion {
 public:
  // `gate`: the modality that opens.
  Gated(const std::vector<int64_t>& widths, int64_t width, int64_t classes, size_t gate)
      : project_{register_module("project_0", torch::nn::Linear(widths[0], width)),
                 register_module("project_1", torch::nn::Linear(widths[1], width))},
        out_(register_module("out", torch::nn::Linear(width, classes))),
        gate_(gate) {}

  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    return logits(hidden(features, present, gate_), hidden(features, present, 1 - gate_));
  }

  // Each modality opens its own gate.
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override {
    const Tensor first = hidden(features, present, 0), second = hidden(features, present, 1);
    return {logits(first, first), logits(second, second)};
  }

  std::optional<int64_t> owner(const std::string& name) const override { return numbered_owner(name, "project_"); }

 private:
  // h_m (B, width)
  Tensor hidden(const std::vector<Feature>& features, const Tensor& present, size_t m) {
    return project_[m]->forward(features[m].pooled) * presence(features, present, static_cast<int64_t>(m));
  }
  Tensor logits(const Tensor& gate, const Tensor& value) { return out_->forward(torch::sigmoid(gate) * value); }

  std::vector<torch::nn::Linear> project_;
  torch::nn::Linear out_;
  size_t gate_;
};

class GatedOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override {
    list.add("gate", &gate_, "The modality that opens the gate of the other.").one_of({"first", "second"});
    list.add("width", &width_, "Width that both features are projected to (0: the second feature's).").at_least(0);
  }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    expect_pair("gated", widths, "one opens the gate of the other", "gated_symmetric");
    if (widths.size() == 1) return linear_head(widths, classes);
    return std::make_shared<Gated>(widths, width_ == 0 ? widths[1] : width_, classes, gate_ == "first" ? 0 : 1);
  }

 private:
  std::string gate_ = "first";
  int64_t width_ = 0;
};

}  // namespace

std::unique_ptr<FusionOptions> gated_options() { return std::make_unique<GatedOptions>(); }

}  // namespace pdmp::models
