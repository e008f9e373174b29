// AGM (Boosting Multi-modal Model Performance with Adaptive Gradient Modulation, section 3): the fused logits are
// shared out among the modalities by Shapley values, and the gradient through a modality's share is multiplied by a
// coefficient that is below 1 where the modality is further ahead than it usually was.
//
// F(all) is the training pass; the passes of fewer modalities are made in evaluation mode, with gradients. A modality
// is left out by zeros for its input, as the paper defines it and its release does, or, cheaper, by zeros for its
// feature.
#include "methods/agm.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "methods/methods.h"
#include "methods/parts/coefficients.h"
#include "methods/parts/confidence.h"
#include "methods/parts/one_modality.h"
#include "models/layers/evaluation_mode.h"
#include "models/layers/present_rows.h"
#include "models/unimodal.h"
#include "pdmp/error.h"
#include "pdmp/methods/agm.h"

namespace pdmp::methods {
namespace {

// The release makes a pass of the whole model for each subset of the modalities. In evaluation mode what an encoder
// makes of its input depends on nothing else, so each encoder runs twice here, on its input and on zeros, and only the
// fusion once for each subset. Zeros are the same for every row: one row of them is enough.

// One row at `rows` of `size` rows, zeros elsewhere.
Tensor repeated(const Tensor& row, const Tensor& rows, int64_t size) {
  if (!row.defined()) return {};
  std::vector<int64_t> sizes = row.sizes().vec();
  sizes[0] = rows.size(0);
  return models::scatter_rows(row.expand(sizes), rows, size);
}

// What zeros in the place of modality m's input are encoded to.
Feature blank_feature(Model& model, const Batch& batch, int64_t m) {
  const Tensor zeros = torch::zeros_like(batch.inputs[static_cast<size_t>(m)].slice(0, 0, 1));
  const Feature one = model.encode(m, zeros, torch::ones({1}, batch.present.options()));
  const Tensor rows = batch.present.select(1, m).nonzero().flatten();
  return {repeated(one.map, rows, batch.size()), repeated(one.pooled, rows, batch.size())};
}

}  // namespace

std::vector<Tensor> shapley_logits_of_inputs(Model& model, const Batch& batch, const Tensor& whole) {
  const models::EvaluationMode evaluation(model);
  std::vector<Feature> seen, blank;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    seen.push_back(model.encode(m, batch.inputs[static_cast<size_t>(m)], batch.present.select(1, m)));
    blank.push_back(blank_feature(model, batch, m));
  }
  const size_t all = (size_t{1} << seen.size()) - 1;
  return models::shapley_values(seen.size(), [&](size_t subset) {
    if (subset == all) return whole;
    std::vector<Feature> features;
    for (size_t m = 0; m < seen.size(); ++m) features.push_back(models::contains(subset, m) ? seen[m] : blank[m]);
    return model.fuse(features, batch.present);
  });
}

namespace {

constexpr int64_t kMostModalities = 8;  // 255 passes through the fusion

// Mean over the steps so far.
struct RunningMean {
  double value = 0;
  int64_t steps = 0;
  void add(double number) {
    ++steps;
    const auto t = static_cast<double>(steps);
    value = value * ((t - 1) / t) + number / t;
  }
};

class Agm : public Method {
 public:
  explicit Agm(const AgmOptions& options) : options_(options) {}

  bool clips_after_modulation() const override { return true; }
  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  void modulate(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  bool scales_parameters() const { return options_.mode == AgmMode::param; }
  void expect_parameters(Model& model) const;
  std::vector<Tensor> shares(Model& model, const Batch& batch, const Outputs& outputs) const;
  std::vector<double> averages() const;
  void log(StepContext& context, const std::vector<double>& scores, const AgmFactors& factors) const;
  bool clip(StepContext& context) const;

  AgmOptions options_;
  double cap_ = 0, clip_ = 0;
  std::vector<RunningMean> scores_;   // per modality; empty: this run is `joint`
  std::vector<double> coefficients_;  // of the step at work
  std::vector<std::string> notes_;
};

// exp(mean of the others - own); NaN where there is nothing to compare.
std::vector<double> leads(const std::vector<double>& values) {
  std::vector<double> result(values.size(), std::numeric_limits<double>::quiet_NaN());
  for (size_t m = 0; m < values.size(); ++m) {
    double sum = 0, count = 0;
    for (size_t n = 0; n < values.size(); ++n) {
      if (n == m || !std::isfinite(values[n])) continue;
      sum += values[n];
      ++count;
    }
    if (count > 0 && std::isfinite(values[m])) result[m] = std::exp(sum / count - values[m]);
  }
  return result;
}

void Agm::prepare(PrepareContext& context, const OptimizerOptions&) {
  Model& model = context.model();
  notes_.clear();
  scores_.clear();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "agm"));
    return;
  }
  if (options_.alpha == 0) {
    notes_.emplace_back("every coefficient is 1: agm is joint training");
    return;
  }
  if (model.modalities() > kMostModalities) {
    throw Error(ErrorKind::usage,
                fmt::format("agm takes a pass through the fusion for each of the 2^M subsets of the modalities and "
                            "expects at most {} of them, found {}; choose some with `modalities`",
                            kMostModalities, model.modalities()));
  }
  if (scales_parameters()) expect_parameters(model);
  cap_ = options_.cap.value_or(model.modalities() == 2 ? 10 : 7);
  clip_ = options_.clip.value_or(model.modalities() == 2 ? 1 : 5);
  scores_.resize(static_cast<size_t>(model.modalities()));
}

void Agm::expect_parameters(Model& model) const {
  expect_own_encoders(model, "agm");
  for (int64_t m = 0; m < model.modalities(); ++m) {
    if (!model.modality_parameters(m, options_.scope).empty()) continue;
    throw Error(ErrorKind::usage,
                fmt::format("agm cannot act on modality '{}': it has no parameter of its own in `agm.scope` {}; use "
                            "`agm.mode` logit",
                            model.infos()[static_cast<size_t>(m)].name, choice_name(options_.scope)));
  }
}

Outputs Agm::forward(Model& model, const Batch& batch, Mode mode) {
  Outputs outputs = Method::forward(model, batch, mode);
  if (mode == Mode::evaluate || scores_.empty()) return outputs;
  const torch::AutoGradMode gradients(!scales_parameters());
  outputs.unimodal = shares(model, batch, outputs);
  return outputs;
}

std::vector<Tensor> Agm::shares(Model& model, const Batch& batch, const Outputs& outputs) const {
  if (options_.mask == AgmMask::input) return shapley_logits_of_inputs(model, batch, outputs.fused);
  const models::EvaluationMode evaluation(model.fusion());
  return models::shapley_logits(model.fusion(), outputs.features, batch.present, outputs.fused);
}

Loss Agm::loss(StepContext& context, const Outputs& outputs) {
  if (scores_.empty()) return Method::loss(context, outputs);
  const Batch& batch = context.batch();
  const std::vector<double> scores = mean_cross_entropy(outputs.unimodal, batch.present, batch.labels);
  const AgmFactors factors = agm_factors(scores, averages(), options_.alpha, cap_);
  if (context.logging()) log(context, scores, factors);
  for (size_t m = 0; m < scores.size(); ++m) {
    if (std::isfinite(scores[m])) scores_[m].add(scores[m]);
  }
  coefficients_ = factors.coefficients;
  if (scales_parameters()) return Method::loss(context, outputs);
  return {context.criterion()(agm_logits(outputs.fused, outputs.unimodal, coefficients_), batch.labels), {}};
}

// Not a number before the first step with the modality.
std::vector<double> Agm::averages() const {
  std::vector<double> result;
  for (const RunningMean& score : scores_)
    result.push_back(score.steps > 0 ? score.value : std::numeric_limits<double>::quiet_NaN());
  return result;
}

void Agm::log(StepContext& context, const std::vector<double>& scores, const AgmFactors& factors) const {
  StepLog& log = context.log();
  for (size_t m = 0; m < scores.size(); ++m) {
    const std::string& name = context.model().infos()[m].name;
    if (std::isfinite(scores[m])) log["score/" + name] = scores[m];
    if (scores_[m].steps > 0) log["score_mean/" + name] = scores_[m].value;
    log["ratio/" + name] = factors.lead[m];
    log["ratio_mean/" + name] = factors.usual_lead[m];
    log["coef/" + name] = factors.coefficients[m];
  }
}

void Agm::modulate(StepContext& context, const Outputs&) {
  if (scores_.empty()) return;
  if (scales_parameters()) {
    for (size_t m = 0; m < coefficients_.size(); ++m) {
      if (coefficients_[m] != 1) context.scale_gradients(static_cast<int64_t>(m), coefficients_[m], options_.scope);
    }
  }
  const bool clipped = clip(context);
  if (context.logging()) context.log()["clipped"] = clipped ? 1 : 0;
}

bool Agm::clip(StepContext& context) const {
  if (clip_ == 0) return false;
  bool large = false;
  for (const OwnedParameter& parameter : context.model().ownership()) {
    const Tensor& gradient = parameter.value.grad();
    if (parameter.in_encoder || !gradient.defined()) continue;
    large = large || at::linalg_vector_norm(gradient, std::numeric_limits<double>::infinity()).item<double>() > clip_;
  }
  if (!large) return false;
  std::vector<Tensor> parameters;
  for (const ParameterGroup& group : context.optimizer().groups())
    parameters.insert(parameters.end(), group.parameters.begin(), group.parameters.end());
  clip_gradients(parameters, clip_);
  return true;
}

void Agm::save(Archive& archive) const {
  std::vector<double> means;
  std::vector<int64_t> steps;
  for (const RunningMean& score : scores_) {
    means.push_back(score.value);
    steps.push_back(score.steps);
  }
  archive.values["means"] = means;
  archive.values["steps"] = steps;
}

void Agm::load(const Archive& archive) {
  const auto means = archive.value("means", std::vector<double>());
  const auto steps = archive.value("steps", std::vector<int64_t>());
  const size_t saved = std::min(means.size(), steps.size());
  if (saved != scores_.size()) {
    throw Error(ErrorKind::data, fmt::format("the checkpoint has agm's scores of {} modalities, this run compares {}; "
                                             "resume with the same modalities and `agm` options",
                                             saved, scores_.size()));
  }
  for (size_t m = 0; m < scores_.size(); ++m) scores_[m] = {means[m], steps[m]};
}

}  // namespace

AgmFactors agm_factors(const std::vector<double>& scores, const std::vector<double>& averages, double alpha,
                       double cap) {
  AgmFactors factors = {leads(scores), leads(averages), std::vector<double>(scores.size(), 1)};
  for (size_t m = 0; m < scores.size(); ++m) {
    const bool compared = std::isfinite(factors.lead[m]);
    if (!compared) factors.lead[m] = 1;
    if (!std::isfinite(factors.usual_lead[m])) factors.usual_lead[m] = 1;
    if (compared) factors.coefficients[m] = std::exp(alpha * std::min(factors.usual_lead[m] - factors.lead[m], cap));
  }
  return factors;
}

Tensor agm_logits(const Tensor& fused, const std::vector<Tensor>& shares, const std::vector<double>& coefficients) {
  Tensor logits = fused;
  for (size_t m = 0; m < shares.size(); ++m) {
    const double change = coefficients[m] - 1;
    if (change == 0 || !std::isfinite(static_cast<float>(change))) continue;
    const Tensor share = shares[m].to(fused.scalar_type());
    logits = logits + change * (share - share.detach());  // adds zero
  }
  return logits;
}

MethodInfo agm_method() {
  return {
      .name = AgmOptions::kMethod,
      .summary = "Holds a modality back that is further ahead than usual, in its Shapley share of the fused logits.",
      .source = "Boosting Multi-modal Model Performance with Adaptive Gradient Modulation (ICCV 2023)",
      .make_options = make_options<AgmOptions>,
      .description =
          "Shares the fused logits out among the modalities by Shapley values and follows each share's cross-"
          "entropy over the run. Where a modality's lead is larger than it usually was, the gradient through its "
          "share shrinks, else it grows; this reaches the whole network.",
      .formula =
          "phi_m = Shapley value of m in S -> F(S), the logits with zeros for the modalities outside S (`mask`);  "
          "sum_m phi_m = f\n"
          "e_m = CE(phi_m),  E_m = mean of e_m over the steps before\n"
          "r_m = exp(mean of e_n over n != m - e_m),  R_m = the same of E, 1 in the first step\n"
          "c_m = exp(alpha min(R_m - r_m, cap))\n"
          "L = CE(f), its gradient that of sum_m c_m phi_m with c constant; clipped where the head's is large "
          "(`clip`)",
      .cost =
          "A second pass of every encoder in evaluation mode, with gradient, one more of a single row of zeros, and "
          "2^M - 2 passes through the fusion; twice the memory for maps. `mask feature`: encoders run once, a step "
          "takes 1 times `joint`'s; `mode param`: the second pass has no gradient. Nothing per epoch.",
      .step_factor = 2,
      .release =
          "Both leave modalities out at the input, as the paper defines it; the release makes a pass of everything "
          "for each subset, here the encoders run once on the inputs and once on zeros, which gives the same numbers. "
          "`mask feature` is another method: an encoder's answer to zeros counts as nothing there (with a linear head "
          "phi_m is the modality's part of the logits), and gradients differ from the release's by 12 to 43 %. A "
          "widespread port has the sign of r reversed and accelerates the modality that is ahead; this follows the "
          "authors' sign.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void AgmOptions::describe(OptionList& list) {
  list.add("alpha", &alpha, "How strongly leads are evened out; 0 is joint training.").at_least(0).search(.2, 10);
  list.add("mode", &mode,
           "Scale the gradients of the modalities' shares of the logits, which reaches the whole network (logit), or "
           "those of the encoders' parameters (param).");
  list.add("mask", &mask,
           "Leave a modality out of a pass by zeros for its input, as the paper (input), or for its feature, which "
           "takes no second pass of the encoders (feature).");
  list.add("cap", &cap, "Most that the usual lead may exceed the lead by; none: 10 for two modalities, 7 for more.")
      .above(0);
  list.add("clip", &clip,
           "Where an element of the head's gradient is larger, all gradients are clipped to this norm; 0 is never, "
           "none: 1 for two modalities, 5 for more.")
      .at_least(0);
  list.add("scope", &scope, "Which parameters of a modality mode param scales.");
}

std::unique_ptr<Method> AgmOptions::make() const { return std::make_unique<methods::Agm>(*this); }

}  // namespace pdmp
