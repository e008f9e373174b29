// A fusion of one's own, outside the library, and what to look at before trusting it: docs/adding-a-fusion.md.
#include <cstdio>
#include <pdmp/model.h>
#include <pdmp/trainer.h>
#include <string>
#include <torch/nn/modules/linear.h>

namespace {

using pdmp::Feature;
using pdmp::Tensor;

// f = Out(P_1 z_1 * ... * P_M z_M), element by element: modalities that say something only together. The factor of an
// absent modality is 1.
class Product : public pdmp::Fusion {
 public:
  // widths: d_m of each modality; `width`: of the product.
  Product(const std::vector<int64_t>& widths, int64_t width, int64_t classes)
      : out_(register_module("out", torch::nn::Linear(width, classes))) {
    for (const int64_t d : widths) {
      projections_.push_back(
          register_module(kProjection + std::to_string(projections_.size()), torch::nn::Linear(d, width)));
    }
  }

  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    Tensor product = factor(0, features, present);
    for (size_t m = 1; m < projections_.size(); ++m) product = product * factor(m, features, present);
    return out_->forward(product);
  }

  // What the head says where every other modality is absent.
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override {
    std::vector<Tensor> logits;
    for (size_t m = 0; m < projections_.size(); ++m) logits.push_back(out_->forward(factor(m, features, present)));
    return logits;
  }

  // "projection_1.weight" is modality 1's; `out` serves all of them.
  std::optional<int64_t> owner(const std::string& name) const override {
    if (!name.starts_with(kProjection)) return std::nullopt;
    return std::stoll(name.substr(kProjection.size()));
  }

 private:
  inline static const std::string kProjection = "projection_";

  Tensor factor(size_t m, const std::vector<Feature>& features, const Tensor& present) {
    const Tensor there = present.select(1, static_cast<int64_t>(m)).unsqueeze(1);  // (B, 1)
    const Tensor projected = projections_[m]->forward(features[m].pooled);
    return torch::where(there, projected, torch::ones_like(projected));
  }

  torch::nn::Linear out_;
  std::vector<torch::nn::Linear> projections_;
};

struct ProductOptions : public pdmp::FusionOptions {
  int64_t width = 16;

  void describe(pdmp::OptionList& list) override { list.add("width", &width, "Of the product.").at_least(1); }
  std::shared_ptr<pdmp::Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    return std::make_shared<Product>(widths, width, classes);
  }
};

void register_product() {
  pdmp::register_fusion(
      {.name = "product",
       .summary = "a linear layer over the product of the modalities' features",
       .make_options = []() -> std::unique_ptr<pdmp::FusionOptions> { return std::make_unique<ProductOptions>(); },
       .source = "example of pdmp"});
}

int failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

std::vector<Feature> random_features(int64_t rows) {
  return {{{}, torch::randn({rows, 5})}, {{}, torch::randn({rows, 3})}};
}

void check_what_every_fusion_promises() {
  Product fusion({5, 3}, 4, 2);
  const std::vector<Feature> features = random_features(6);
  Tensor present = torch::ones({6, 2}, torch::kBool);
  const Tensor fused = fusion.forward(features, present);
  expect(fused.sizes() == std::vector<int64_t>{6, 2}, "fused logits are (B, C)");
  expect(fusion.unimodal_logits(features, present).size() == 2, "one set of unimodal logits per modality");
  const std::vector<Feature> one = {{{}, features[0].pooled.slice(0, 2, 3)}, {{}, features[1].pooled.slice(0, 2, 3)}};
  expect(torch::allclose(fusion.forward(one, present.slice(0, 2, 3))[0], fused[2], 1e-5, 1e-6),
         "a sample does not depend on the others of its batch");

  present.select(1, 1).fill_(false);
  fusion.forward(features, present).sum().backward();
  for (const auto& parameter : fusion.named_parameters()) {
    const Tensor gradient = parameter.value().grad();
    const bool has_gradient = gradient.defined() && gradient.count_nonzero().item<int64_t>() > 0;
    expect(has_gradient == (fusion.owner(parameter.key()) != 1), "only an absent modality gets no gradient");
  }
  std::vector<Feature> others = features;
  others[1] = random_features(6)[1];
  expect(torch::equal(fusion.forward(features, present), fusion.forward(others, present)),
         "what lies in an absent modality's feature changes nothing");
}

// The class is the sign of x y: neither modality alone tells it. Encoders and the training come from the library, which
// knows the fusion by its name.
double accuracy_after_training() {
  const Tensor x = torch::randn({64, 1}), y = torch::randn({64, 1});
  const auto data = pdmp::tensor_dataset({{"x", x}, {"y", y}}, (x * y).flatten().gt(0).to(torch::kInt64));
  const auto model = std::make_shared<pdmp::Model>(
      data->modalities(), 2,
      pdmp::ModelOptions{.fusion = "product:width=8", .encoders = {{"x", "mlp:hidden=16"}, {"y", "mlp:hidden=16"}}}, 0);
  pdmp::TrainOptions options{.epochs = 300, .batch_size = 64, .workers = 0};
  options.optimizer.optimizer = "adamw";
  options.optimizer.lr = 0.02;
  pdmp::Method joint;
  pdmp::Trainer(options, std::nullopt).fit(model, joint, {.train = data});
  return pdmp::evaluate(*model, joint, data, options).accuracy();
}

}  // namespace

int main() {
  register_product();
  torch::manual_seed(0);
  check_what_every_fusion_promises();
  expect(accuracy_after_training() > 0.95, "a product of features learns the sign of a product");
  if (failures == 0) std::printf("product fusion: all checks passed\n");
  return failures == 0 ? 0 : 1;
}
