// MMCosine (ICASSP 2023): features and class weights are normalized modality by modality, so that no modality can win
// by being large. s_m = s cos(z_m, W_m), f = sum_m s_m, in training and evaluation alike; the head's bias is not used.
#include "pdmp/methods/mmcosine.h"

#include <limits>
#include <torch/nn/functional/linear.h>

#include "methods/methods.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/one_modality.h"
#include "pdmp/error.h"

namespace pdmp::methods {
namespace {

constexpr double kSmallestNorm = 1e-12;

// Rows of x over their norms; a row of zeros stays zero and gets no gradient.
Tensor directions(const Tensor& x) {
  const Tensor norms = torch::linalg_vector_norm(x, 2, {1}, /*keepdim=*/true);
  return x / norms.masked_fill(norms < kSmallestNorm, std::numeric_limits<double>::infinity());
}

class MmCosine : public Method {
 public:
  explicit MmCosine(const MmCosineOptions& options) : options_(options) {}

  bool trains(const OwnedParameter& parameter) const override;
  void prepare(PrepareContext& context, const OptimizerOptions&) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }

 private:
  void log_scores(StepContext& context, const Outputs& outputs) const;

  MmCosineOptions options_;
  bool joint_ = false;
  std::vector<std::string> notes_;
};

// Not the head's bias, unless this run is `joint`.
bool MmCosine::trains(const OwnedParameter& parameter) const {
  const bool head = !parameter.in_encoder && parameter.name.starts_with("fusion.");
  return joint_ || !head || parameter.value.dim() > 1;
}

void MmCosine::prepare(PrepareContext& context, const OptimizerOptions&) {
  notes_.clear();
  Model& model = context.model();
  joint_ = model.modalities() == 1;
  if (joint_) {
    notes_.push_back(one_modality_note(model, "mmcosine"));
  } else if (linear_blocks(model).empty()) {
    throw Error(ErrorKind::usage,
                "mmcosine normalizes the class weights of each modality and needs a fusion that has such: use `fusion` "
                "concat or sum (without shared=true)");
  }
}

Outputs MmCosine::forward(Model& model, const Batch& batch, Mode mode) {
  const bool plain = model.modalities() == 1 || (options_.official && mode == Mode::evaluate);
  if (plain) return Method::forward(model, batch, mode);
  const std::vector<Tensor> blocks = linear_blocks(model);
  Outputs outputs;
  outputs.features = encode_all(model, batch);
  for (size_t m = 0; m < blocks.size(); ++m) {
    const Tensor cosines = torch::nn::functional::linear(directions(outputs.features[m].pooled), directions(blocks[m]));
    outputs.unimodal.push_back(options_.scale * cosines);
    outputs.fused = m == 0 ? outputs.unimodal[0] : outputs.fused + outputs.unimodal[m];
  }
  return outputs;
}

Loss MmCosine::loss(StepContext& context, const Outputs& outputs) {
  if (context.logging() && !outputs.unimodal.empty()) log_scores(context, outputs);
  return Method::loss(context, outputs);
}

// Of the samples that have the modality: mean cosine with the weights of the true class, mean norm of the feature.
void MmCosine::log_scores(StepContext& context, const Outputs& outputs) const {
  const torch::NoGradGuard no_gradients;
  const Batch& batch = context.batch();
  for (size_t m = 0; m < outputs.unimodal.size(); ++m) {
    const std::string& name = context.model().infos()[m].name;
    const Tensor here = batch.present.select(1, static_cast<int64_t>(m));
    const Tensor truth = outputs.unimodal[m].gather(1, batch.labels.unsqueeze(1)).squeeze(1);
    const Tensor norms = torch::linalg_vector_norm(outputs.features[m].pooled, 2, {1});
    const auto mean = [&](const Tensor& values) {
      return ((values * here).sum() / here.sum().clamp_min(1)).item<double>();
    };
    context.log()["score/" + name] = mean(truth) / options_.scale;
    context.log()["featurenorm/" + name] = mean(norms);
  }
}

}  // namespace

MethodInfo mmcosine_method() {
  return {
      .name = MmCosineOptions::kMethod,
      .summary = "Sums cosines of features and class weights: no modality wins by magnitude.",
      .source = "MMCosine, ICASSP 2023",
      .make_options = make_options<MmCosineOptions>,
      .description =
          "Normalizes each modality's feature and its class weights, so that only directions count and no modality "
          "dominates by being large. The fused logits are the sum of the scaled cosines, in training and "
          "evaluation; the head's bias is not used.",
      .formula =
          "s_m[c] = scale cos(z_m, W_m[c]),  f = sum_m s_m;  L = CE(f)\n"
          "W_m: the rows of the linear head that modality m feeds",
      .cost = "Norms of features and head. Nothing per epoch.",
      .step_factor = 1,
      .release =
          "Its CREMA-D script trains cosines and then scores the plain linear head with its bias (`official`); its "
          "other script, and the default here, score what was trained.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void MmCosineOptions::describe(OptionList& list) {
  list.add("scale", &scale, "Factor s on the cosines; 2 to 6 act as a margin.").above(0).search(2, 15);
  list.add("official", &official,
           "Evaluate with the plain linear head and its bias, as the CREMA-D script of the release does.");
}

std::unique_ptr<Method> MmCosineOptions::make() const { return std::make_unique<methods::MmCosine>(*this); }

}  // namespace pdmp
