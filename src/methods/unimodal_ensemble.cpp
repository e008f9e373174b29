// The late ensemble: what modalities reach together without ever having been trained together. Each encoder with a
// linear head of its own learns from its own loss, L = sum_m CE(u_m). No parameter is in two of the losses, so that a
// step is the same as one step of each modality trained alone from the same batches. The prediction is the mean of the
// present modalities' probabilities; `fused` is its logarithm.
#include "pdmp/methods/unimodal_ensemble.h"

#include <cmath>

#include "methods/methods.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/unimodal_heads.h"

namespace pdmp::methods {
namespace {

class UnimodalEnsemble : public Method {
 public:
  explicit UnimodalEnsemble(const UnimodalEnsembleOptions& options) : options_(options) {}

  bool trains(const OwnedParameter& parameter) const override { return !heads_ || parameter.in_encoder; }
  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  Loss step(StepContext& context) override;
  std::vector<std::string> notes() const override { return notes_; }

 private:
  UnimodalEnsembleOptions options_;
  std::shared_ptr<UnimodalHeads> heads_;  // null: this run is `joint`
  std::vector<std::string> notes_;
};

std::shared_ptr<torch::nn::Module> UnimodalEnsemble::extend(Model& model) {
  notes_.clear();
  heads_.reset();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "unimodal_ensemble"));
    return nullptr;
  }
  expect_replaceable_fusion(model, "unimodal_ensemble");
  heads_ = std::make_shared<UnimodalHeads>(model);
  return heads_;
}

std::vector<ParameterGroup> UnimodalEnsemble::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (heads_) groups.push_back(heads_->group());
  return groups;
}

// log of the mean of softmax(logits) over the modalities that a row has; all classes alike where it has none.
Tensor log_mean_probability(const std::vector<Tensor>& logits, const Tensor& present) {
  std::vector<Tensor> terms;
  for (size_t m = 0; m < logits.size(); ++m) {
    const Tensor lacks = present.select(1, static_cast<int64_t>(m)).logical_not().unsqueeze(1);
    terms.push_back(logits[m].log_softmax(1).masked_fill(lacks, -INFINITY));
  }
  const Tensor count = present.sum(1, /*keepdim=*/true);
  const Tensor mean = at::logsumexp(at::stack(terms), 0) - count.clamp_min(1).to(terms[0].scalar_type()).log();
  return mean.masked_fill(count == 0, -std::log(static_cast<double>(mean.size(1))));
}

Outputs UnimodalEnsemble::forward(Model& model, const Batch& batch, Mode mode) {
  if (!heads_) return Method::forward(model, batch, mode);
  Outputs outputs;
  outputs.features = encode_all(model, batch);
  const at::ScalarType type = heads_->parameters().front().scalar_type();  // not the low precision of encoders
  for (const Tensor& own : heads_->logits(outputs.features)) outputs.unimodal.push_back(own.to(type));
  const torch::NoGradGuard no_gradients;  // to look at: no loss reaches through the mean
  outputs.fused = options_.average == UnimodalEnsembleAverage::logits
                      ? mean_where_present(outputs.unimodal, batch.present)
                      : log_mean_probability(outputs.unimodal, batch.present);
  return outputs;
}

Loss UnimodalEnsemble::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);  // of the ensemble: logged only
  if (!heads_) return result;
  const std::vector<Tensor> losses = log_own_losses(context, outputs.unimodal, result);
  result.total = Tensor();
  for (const Tensor& own : losses) {
    if (own.defined()) result.total = result.total.defined() ? result.total + own : own;
  }
  if (!result.total.defined()) result.total = outputs.unimodal[0].sum() * 0;  // a batch without any modality
  return result;
}

Loss UnimodalEnsemble::step(StepContext& context) {
  if (!heads_) return Method::step(context);
  const Outputs outputs = context.forward();
  Loss result = loss(context, outputs);
  context.backward(result.total);
  if (context.logging()) {
    for (size_t m = 0; m < outputs.unimodal.size(); ++m) {
      const Tensor right = outputs.unimodal[m].argmax(1).eq(context.batch().labels);
      context.log()["acc/" + context.model().infos()[m].name] = right.to(at::kDouble).mean().item<double>();
    }
  }
  context.update({.features = {}, .fused = outputs.fused, .unimodal = {}});  // the fusion's branches learn nothing
  result.total = result.total.detach();
  return result;
}

}  // namespace

MethodInfo unimodal_ensemble_method() {
  return {
      .name = UnimodalEnsembleOptions::kMethod,
      .summary = "Late averaging: each modality is trained on its own, their probabilities are averaged.",
      .source = "baseline",
      .make_options = make_options<UnimodalEnsembleOptions>,
      .description =
          "Each encoder has a linear head of its own and learns from its own loss alone; a step equals separate "
          "trainings of the modalities from the same batches, as long as they share no encoder. Only --clip-norm sees "
          "them together: it counts the norm over all parameters. The prediction is the mean of the probabilities of "
          "the modalities a sample has.",
      .formula = "u_m = V_m z_m + c_m;  L = sum_m CE(u_m);  f = log(mean_m softmax(u_m)), m present",
      .cost = "One linear head per modality; the fusion is not computed.",
      .step_factor = 1,
      .release = "",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void UnimodalEnsembleOptions::describe(OptionList& list) {
  list.add("average", &average, "What the prediction is the mean of, over the modalities a sample has.");
}

std::unique_ptr<Method> UnimodalEnsembleOptions::make() const {
  return std::make_unique<methods::UnimodalEnsemble>(*this);
}

}  // namespace pdmp
