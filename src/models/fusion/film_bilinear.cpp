// f = Wo (W vec(x y^T) + a) + b, over the products of each number of the first modality's feature with each of the
// second's (models.md 2.3 (b)). Released code of PDMP's authors calls it FiLM. W has d_1 d_2 width elements: 2^27 for
// 512 each, 512 MiB, and as much again for its gradient and for the momentum.
//
// With either modality absent all products are zero and the logits rest on the biases alone.
#include <torch/nn/modules/linear.h>

#include "models/fusion/features.h"
#include "models/fusion/modalities.h"

namespace pdmp::models {
namespace {

class FilmBilinear : public Fusion {
 public:
  FilmBilinear(const std::vector<int64_t>& widths, int64_t width, int64_t classes)
      : products_(register_module("products", torch::nn::Linear(widths[0] * widths[1], width))),
        out_(register_module("out", torch::nn::Linear(width, classes))),
        equal_(widths[0] == widths[1]) {}

  Tensor forward(const std::vector<Feature>& features, const Tensor&) override {
    return logits(features[0].pooled, features[1].pooled);
  }

  // The modality paired with itself. One of another width than its partner's cannot be, and alone it says nothing:
  // the logits of zero products.
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override {
    if (!equal_) return masked_logits(*this, features, present);
    return {logits(features[0].pooled, features[0].pooled), logits(features[1].pooled, features[1].pooled)};
  }

  std::optional<int64_t> owner(const std::string&) const override { return std::nullopt; }

 private:
  // x (B, d_1), y (B, d_2). Row-major: x_i y_j is number i d_2 + j.
  Tensor logits(const Tensor& x, const Tensor& y) {
    return out_->forward(products_->forward((x.unsqueeze(2) * y.unsqueeze(1)).flatten(1)));
  }

  torch::nn::Linear products_, out_;
  bool equal_;
};

class FilmBilinearOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override {
    list.add("width", &width_,
             "Outputs of the layer over all d1*d2 products (0: d2, the second feature's width); it holds d1*d2*width "
             "numbers, 512 MiB for 512 each and three times that in training.")
        .at_least(0);
  }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    expect_pair("film_bilinear", widths, "it multiplies the features of a pair", "film_symmetric");
    if (widths.size() == 1) return linear_head(widths, classes);
    return std::make_shared<FilmBilinear>(widths, width_ == 0 ? widths[1] : width_, classes);
  }

 private:
  int64_t width_ = 0;
};

}  // namespace

std::unique_ptr<FusionOptions> film_bilinear_options() { return std::make_unique<FilmBilinearOptions>(); }

}  // namespace pdmp::models
