// f = W (sum_m a_m h_m) + b with h_m = A_m z_m + a'_m of one width, and weights a = softmax over the modalities that
// are there of the scores v . tanh(U h_m): attention pooling. A row with no modality has weights 0 and the bias as
// logits.
#include <fmt/format.h>
#include <limits>
#include <torch/nn/modules/linear.h>

#include "models/fusion/features.h"
#include "models/fusion/modalities.h"

namespace pdmp::models {
namespace {

torch::nn::Linear without_bias(int64_t inputs, int64_t outputs) {
  return torch::nn::Linear(torch::nn::LinearOptions(inputs, outputs).bias(false));
}

// scores (B, M), present (B, M) bool -> (B, M). Rows with nothing present are left unmasked on the way: a softmax over
// nothing is no number, and neither is its gradient.
Tensor softmax_over_present(const Tensor& scores, const Tensor& present) {
  const Tensor left_out = present.logical_not().logical_and(present.any(1, true));
  return scores.masked_fill(left_out, -std::numeric_limits<double>::infinity()).softmax(1) *
         present.to(scores.scalar_type());
}

class Attention : public Fusion {
 public:
  Attention(const std::vector<int64_t>& widths, int64_t width, int64_t classes) {
    for (size_t m = 0; m < widths.size(); ++m)
      project_.push_back(register_module(fmt::format("project_{}", m), torch::nn::Linear(widths[m], width)));
    attend_ = register_module("attend", without_bias(width, width));
    score_ = register_module("score", without_bias(width, 1));
    out_ = register_module("out", torch::nn::Linear(width, classes));
  }

  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    std::vector<Tensor> projected;
    for (size_t m = 0; m < features.size(); ++m) projected.push_back(project_[m]->forward(features[m].pooled));
    const Tensor hidden = torch::stack(projected, 1);                                            // (B, M, width)
    const Tensor scores = score_->forward(torch::tanh(attend_->forward(hidden))).squeeze(2);     // (B, M)
    const Tensor pooled = (softmax_over_present(scores, present).unsqueeze(2) * hidden).sum(1);  // (B, width)
    return out_->forward(pooled);
  }

  // Pooling over one modality gives it the weight 1, without its score.
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override {
    std::vector<Tensor> logits;
    for (size_t m = 0; m < features.size(); ++m) {
      const Tensor there = presence(features, present, static_cast<int64_t>(m));
      logits.push_back(out_->forward(project_[m]->forward(features[m].pooled) * there));
    }
    return logits;
  }

  std::optional<int64_t> owner(const std::string& name) const override { return numbered_owner(name, "project_"); }

 private:
  std::vector<torch::nn::Linear> project_;
  torch::nn::Linear attend_ = nullptr, score_ = nullptr, out_ = nullptr;  // U, v, W
};

class AttentionOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override { width_.describe(list); }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    if (widths.size() == 1) return linear_head(widths, classes);
    return std::make_shared<Attention>(widths, width_.of(widths), classes);
  }

 private:
  CommonWidth width_;
};

}  // namespace

std::unique_ptr<FusionOptions> attention_options() { return std::make_unique<AttentionOptions>(); }

}  // namespace pdmp::models
