// f = sum_m (W_m z_m + b_m): a linear layer per modality, joined as logits (models.md 2.2). s_m is its term; an absent
// modality has none, its bias included. With shared=true one layer serves all: f = sum_m (W z_m + b).
#include <fmt/format.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/linear.h>

#include "models/fusion/features.h"
#include "models/fusion/modalities.h"
#include "models/weights/init.h"

namespace pdmp::models {
namespace {

class Sum : public Fusion, public GlobalInit {
 public:
  Sum(const std::vector<int64_t>& widths, int64_t classes, bool shared) : shared_(shared) {
    const size_t layers = shared ? 1 : widths.size();
    for (size_t m = 0; m < layers; ++m) {
      const torch::nn::Linear layer(widths[m], classes);  // LibTorch's initial values
      const std::string number = shared ? "" : fmt::format("_{}", m);
      weights_.push_back(register_parameter("weight" + number, layer->weight.detach().clone()));
      biases_.push_back(register_parameter("bias" + number, layer->bias.detach().clone()));
    }
  }

  void init_global() override {
    for (Tensor& weight : weights_) torch::nn::init::xavier_normal_(weight);
    for (Tensor& bias : biases_) torch::nn::init::zeros_(bias);
  }

  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    Tensor fused = term(features, present, 0);
    for (size_t m = 1; m < features.size(); ++m) fused = fused + term(features, present, m);
    return fused;
  }

  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override {
    std::vector<Tensor> logits;
    for (size_t m = 0; m < features.size(); ++m) logits.push_back(term(features, present, m));
    return logits;
  }

  // Layer m is modality m's; a layer of all is shared.
  std::optional<int64_t> owner(const std::string& name) const override {
    if (shared_) return std::nullopt;
    const auto of_weight = numbered_owner(name, "weight_");
    return of_weight ? of_weight : numbered_owner(name, "bias_");
  }

 private:
  // (B, C)
  Tensor term(const std::vector<Feature>& features, const Tensor& present, size_t m) const {
    const size_t layer = shared_ ? 0 : m;
    const Tensor bias = presence(features, present, static_cast<int64_t>(m)) * biases_[layer];
    return torch::addmm(bias, features[m].pooled, weights_[layer].t());
  }

  bool shared_;
  std::vector<Tensor> weights_, biases_;  // (C, d_m), (C); one of each where shared
};

class SumOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override {
    list.add("shared", &shared_, "One linear layer for all modalities, which must be equally wide.");
  }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    if (shared_) expect_equal_widths("sum: shared=true", widths, "shared=false");
    return std::make_shared<Sum>(widths, classes, shared_);
  }

 private:
  bool shared_ = false;
};

}  // namespace

std::unique_ptr<FusionOptions> sum_options() { return std::make_unique<SumOptions>(); }

}  // namespace pdmp::models
