// f = W (gamma(x) * y + beta(x)) + b: feature-wise linear modulation (models.md 2.3 (a)). [gamma; beta] = A x + a, from
// the first modality x, scales and shifts each number of the second, y; nothing is added to gamma. Where x is absent, y
// goes through as it is: gamma 1, beta 0.
#include <torch/nn/functional/linear.h>
#include <torch/nn/modules/linear.h>

#include "models/fusion/features.h"
#include "models/fusion/modalities.h"

namespace pdmp::models {
namespace {

class Film : public Fusion {
 public:
  Film(const std::vector<int64_t>& widths, int64_t classes, bool self)
      : generator_(register_module("generator", torch::nn::Linear(widths[0], 2 * widths[1]))),
        out_(register_module("out", torch::nn::Linear(widths[1], classes))),
        self_(self) {}

  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    const Modulation by_first = modulation(features, present, 0);
    return out_->forward(by_first.gamma * features[1].pooled + by_first.beta);
  }

  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override {
    if (!self_) return split(features, present);
    std::vector<Tensor> logits;
    for (const size_t m : {size_t{0}, size_t{1}}) {
      const Modulation by_itself = modulation(features, present, m);
      logits.push_back(out_->forward(by_itself.gamma * features[m].pooled + by_itself.beta));
    }
    return logits;
  }

  // Only the first modality feeds the generator; both feed what follows.
  std::optional<int64_t> owner(const std::string& name) const override {
    return name.starts_with("generator.") ? std::optional<int64_t>(0) : std::nullopt;
  }

 private:
  struct Modulation {
    Tensor gamma, beta;  // (B, d_2)
  };

  Modulation modulation(const std::vector<Feature>& features, const Tensor& present, size_t m) {
    const Tensor there = presence(features, present, static_cast<int64_t>(m));
    const std::vector<Tensor> halves = (generator_->forward(features[m].pooled) * there).chunk(2, 1);
    return {halves[0] + (1 - there), halves[1]};
  }

  // The shift is the first modality's part, the modulated feature the second's: they sum to the fused logits.
  std::vector<Tensor> split(const std::vector<Feature>& features, const Tensor& present) {
    const Modulation by_first = modulation(features, present, 0);
    const Tensor bias = out_->bias / 2;
    return {torch::nn::functional::linear(by_first.beta, out_->weight, bias),
            torch::nn::functional::linear(by_first.gamma * features[1].pooled, out_->weight, bias)};
  }

  torch::nn::Linear generator_, out_;
  bool self_;
};

class FilmOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override {
    list.add("unimodal", &unimodal_,
             "A modality's own logits: its part of the fused ones, or the fusion of it with itself.")
        .one_of({"split", "self"});
  }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    expect_pair("film", widths, "the first conditions the second", "film_symmetric");
    if (widths.size() == 1) return linear_head(widths, classes);
    const bool self = unimodal_ == "self";
    if (self) expect_equal_widths("film: unimodal=self", widths, "unimodal=split");
    return std::make_shared<Film>(widths, classes, self);
  }

 private:
  std::string unimodal_ = "split";
};

}  // namespace

std::unique_ptr<FusionOptions> film_options() { return std::make_unique<FilmOptions>(); }

}  // namespace pdmp::models
