// f = W [z'_1; ...; z'_M] + b with z'_m = sigmoid(mean of the other h_n that are there) * h_m and h_n = A_n z_n + a_n
// of one width: every modality's gate is opened by all others (methods-modulation 0.3, for any M). A modality that is
// there alone finds its gate half open.
#include <fmt/format.h>
#include <torch/nn/modules/linear.h>

#include "models/fusion/features.h"
#include "models/fusion/modalities.h"

namespace pdmp::models {
namespace {

class GatedSymmetric : public Fusion {
 public:
  GatedSymmetric(const std::vector<int64_t>& widths, int64_t width, int64_t classes) {
    for (size_t m = 0; m < widths.size(); ++m)
      project_.push_back(register_module(fmt::format("project_{}", m), torch::nn::Linear(widths[m], width)));
    out_ = register_module("out", torch::nn::Linear(static_cast<int64_t>(widths.size()) * width, classes));
  }

  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    std::vector<Tensor> hidden, there;
    for (size_t m = 0; m < features.size(); ++m) {
      there.push_back(presence(features, present, static_cast<int64_t>(m)));
      hidden.push_back(project_[m]->forward(features[m].pooled) * there[m]);
    }
    std::vector<Tensor> gated;
    for (size_t m = 0; m < features.size(); ++m) gated.push_back(torch::sigmoid(gate(m, hidden, there)) * hidden[m]);
    return out_->forward(torch::cat(gated, 1));
  }

  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override {
    return masked_logits(*this, features, present);
  }

  std::optional<int64_t> owner(const std::string& name) const override { return numbered_owner(name, "project_"); }

 private:
  static Tensor gate(size_t m, std::vector<Tensor> hidden, std::vector<Tensor> there) {
    hidden.erase(hidden.begin() + static_cast<std::ptrdiff_t>(m));
    there.erase(there.begin() + static_cast<std::ptrdiff_t>(m));
    return mean_of_present(hidden, there);
  }

  std::vector<torch::nn::Linear> project_;
  torch::nn::Linear out_ = nullptr;
};

class GatedSymmetricOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override { width_.describe(list); }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    if (widths.size() == 1) return linear_head(widths, classes);
    return std::make_shared<GatedSymmetric>(widths, width_.of(widths), classes);
  }

 private:
  CommonWidth width_;
};

}  // namespace

std::unique_ptr<FusionOptions> gated_symmetric_options() { return std::make_unique<GatedSymmetricOptions>(); }

}  // namespace pdmp::models
