// f = W [z'_1; ...; z'_M] + b, every modality modulated by all others (methods-modulation 0.3, for any M):
//
//   z'_m = gamma_m * z_m + beta_m, the means over the other modalities n that are there of
//   [gamma_n->m; beta_n->m], a part of A_n z_n + a_n.
//
// A modality that is there alone goes through as it is: gamma 1, beta 0.
#include <fmt/format.h>
#include <torch/nn/modules/linear.h>

#include "models/fusion/features.h"
#include "models/fusion/modalities.h"

namespace pdmp::models {
namespace {

class FilmSymmetric : public Fusion {
 public:
  FilmSymmetric(const std::vector<int64_t>& widths, int64_t classes) {
    for (size_t n = 0; n < widths.size(); ++n) {
      std::vector<int64_t> parts;
      for (size_t m = 0; m < widths.size(); ++m) {
        if (m != n) parts.push_back(2 * widths[m]);
      }
      generators_.push_back(
          register_module(fmt::format("generator_{}", n), torch::nn::Linear(widths[n], c10::sum_integers(parts))));
      parts_.push_back(parts);
    }
    out_ = register_module("out", torch::nn::Linear(c10::sum_integers(widths), classes));
  }

  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    std::vector<std::vector<Tensor>> said;
    std::vector<Tensor> there;
    for (size_t n = 0; n < features.size(); ++n) {
      said.push_back(generators_[n]->forward(features[n].pooled).split_with_sizes(parts_[n], 1));
      there.push_back(presence(features, present, static_cast<int64_t>(n)));
    }
    std::vector<Tensor> modulated;
    for (size_t m = 0; m < features.size(); ++m) modulated.push_back(modulate(features[m].pooled, m, said, there));
    return out_->forward(torch::cat(modulated, 1));
  }

  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override {
    return masked_logits(*this, features, present);
  }

  std::optional<int64_t> owner(const std::string& name) const override { return numbered_owner(name, "generator_"); }

 private:
  // z'_m. said[n]: [gamma; beta] of n for each other modality, (B, 2 d) each; there: M x (B, 1).
  static Tensor modulate(const Tensor& z, size_t m, const std::vector<std::vector<Tensor>>& said,
                         const std::vector<Tensor>& there) {
    std::vector<Tensor> of_others, others;
    for (size_t n = 0; n < said.size(); ++n) {
      if (n == m) continue;
      of_others.push_back(said[n][m < n ? m : m - 1]);
      others.push_back(there[n]);
    }
    const std::vector<Tensor> halves = mean_of_present(of_others, others).chunk(2, 1);
    const Tensor alone = 1 - torch::stack(others).amax({0});  // (B, 1)
    return (halves[0] + alone) * z + halves[1];
  }

  std::vector<torch::nn::Linear> generators_;
  std::vector<std::vector<int64_t>> parts_;  // widths of the parts of generator n's output
  torch::nn::Linear out_ = nullptr;
};

class FilmSymmetricOptions : public FusionOptions {
 public:
  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    if (widths.size() == 1) return linear_head(widths, classes);
    return std::make_shared<FilmSymmetric>(widths, classes);
  }
};

}  // namespace

std::unique_ptr<FusionOptions> film_symmetric_options() { return std::make_unique<FilmSymmetricOptions>(); }

}  // namespace pdmp::models
