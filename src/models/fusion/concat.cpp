// f = W [z_1; ...; z_M] + b (models.md 2.1; PDMP, Eq. 3), with W kept as one block W_m per modality: a block can then
// be owned, scaled and grouped like any other parameter, and f = sum_m W_m z_m + b needs no copy of the features.
#include <fmt/format.h>
#include <map>
#include <torch/nn/functional/linear.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/linear.h>

#include "models/weights/init.h"
#include "pdmp/model.h"

namespace pdmp::models {
namespace {

class Concat : public Fusion, public GlobalInit {
 public:
  Concat(const std::vector<int64_t>& widths, int64_t classes, BiasSplit split) : widths_(widths), split_(split) {
    const torch::nn::Linear whole(sum(widths), classes);  // LibTorch's initial values of one matrix
    const std::vector<Tensor> parts = whole->weight.detach().split_with_sizes(widths, 1);
    for (size_t m = 0; m < parts.size(); ++m) {
      blocks_.push_back(
          register_parameter(fmt::format("weight_{}", m), parts[m].clone(torch::MemoryFormat::Contiguous)));
    }
    bias_ = register_parameter("bias", whole->bias.detach().clone());
  }

  void init_global() override {
    const torch::NoGradGuard no_grad;
    const Tensor whole = torch::nn::init::xavier_normal_(
        torch::empty({bias_.size(0), sum(widths_)}, bias_.options().requires_grad(false)));
    const std::vector<Tensor> parts = whole.split_with_sizes(widths_, 1);
    for (size_t m = 0; m < parts.size(); ++m) blocks_[m].copy_(parts[m]);
    bias_.zero_();
  }

  Tensor forward(const std::vector<Feature>& features, const Tensor&) override {
    Tensor fused = torch::nn::functional::linear(features[0].pooled, blocks_[0], bias_);
    for (size_t m = 1; m < blocks_.size(); ++m) fused = torch::addmm(fused, features[m].pooled, blocks_[m].t());
    return fused;
  }

  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor&) override {
    const Tensor bias = bias_ * bias_share();
    std::vector<Tensor> logits;
    for (size_t m = 0; m < blocks_.size(); ++m)
      logits.push_back(torch::nn::functional::linear(features[m].pooled, blocks_[m], bias));
    return logits;
  }

  // Block m is modality m's, the bias is shared.
  std::optional<int64_t> owner(const std::string& name) const override {
    for (size_t m = 0; m < blocks_.size(); ++m) {
      if (name == fmt::format("weight_{}", m)) return static_cast<int64_t>(m);
    }
    return std::nullopt;
  }

 private:
  static int64_t sum(const std::vector<int64_t>& widths) {
    int64_t total = 0;
    for (const int64_t width : widths) total += width;
    return total;
  }

  double bias_share() const {
    if (split_ == BiasSplit::none) return 0;
    return split_ == BiasSplit::full ? 1 : 1.0 / static_cast<double>(blocks_.size());
  }

  std::vector<int64_t> widths_;
  BiasSplit split_;
  std::vector<Tensor> blocks_;  // M x (C, d_m)
  Tensor bias_;                 // (C)
};

class ConcatOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override {
    list.add("bias", &bias_, "Share of the bias in each modality's own logits: b/M, b or nothing.")
        .one_of({"even", "full", "none"});
  }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    static const std::map<std::string, BiasSplit> splits = {
        {"even", BiasSplit::even}, {"full", BiasSplit::full}, {"none", BiasSplit::none}};
    return std::make_shared<Concat>(widths, classes, splits.at(bias_));
  }

 private:
  std::string bias_ = "even";
};

}  // namespace

std::unique_ptr<FusionOptions> concat_options() { return std::make_unique<ConcatOptions>(); }

}  // namespace pdmp::models
