// Multi-loss gradient modulation (BMVC 2024, taken to be what the comparisons call GMML). Every modality has a linear
// head with a loss of its own, L = CE(fused) + w sum_m CE(u_m), and is modulated by how right its head is:
//   q_m mean probability of the true class, r_m = mean of the others' q / q_m (above 1: it lags behind),
//   c_m = 1 + tanh(alpha (r_m - 1)), or 1 + (beta_max - 1) tanh(...) where r_m > 1 and beta_max is given.
// c_m multiplies the gradients of modality m's encoder, its part of the fused head and its own head. Balanced
// modalities have c = 1, so that modulation fades out by itself.
#include "pdmp/methods/gmml.h"

#include <cmath>
#include <fmt/format.h>

#include "methods/methods.h"
#include "methods/parts/confidence.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/unimodal_heads.h"
#include "pdmp/error.h"

namespace pdmp::methods {
namespace {

constexpr double kSmall = 1e-8;
constexpr double kTie = 1e-6;  // ratios so close to 1 have no leading modality

class Gmml : public Method {
 public:
  explicit Gmml(const GmmlOptions& options) : options_(options) {}

  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  void modulate(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }

 private:
  std::vector<double> others_over_own() const;
  double coefficient(double ratio) const;

  GmmlOptions options_;
  std::shared_ptr<UnimodalHeads> heads_;  // null: this run is `joint`
  std::vector<double> confidence_;        // q of this step, NaN where nobody in the batch has the modality
  std::vector<std::string> notes_;
};

std::shared_ptr<torch::nn::Module> Gmml::extend(Model& model) {
  notes_.clear();
  heads_.reset();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "gmml"));
    return nullptr;
  }
  if (options_.alpha == 0 && options_.weight == 0) {
    notes_.emplace_back("alpha and weight are 0: gmml is joint training");
    return nullptr;
  }
  if (options_.variant == GmmlVariant::ogm_acc && model.modalities() != 2) {
    throw Error(ErrorKind::usage,
                fmt::format("`gmml.variant` ogm_acc is defined for two modalities, this model has {}; use ratio",
                            model.modalities()));
  }
  heads_ = std::make_shared<UnimodalHeads>(model);
  return heads_;
}

std::vector<ParameterGroup> Gmml::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (heads_) groups.push_back(heads_->group());
  return groups;
}

Loss Gmml::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (!heads_) return result;
  const Batch& batch = context.batch();
  const std::vector<Tensor> logits = heads_->logits(outputs.features);
  confidence_ = mean_confidence(logits, batch.present, batch.labels);
  for (const Tensor& own : log_own_losses(context, logits, result)) {
    if (own.defined() && options_.weight != 0) result.total = result.total + options_.weight * own;
  }
  return result;
}

// r; NaN for a modality that nobody has, and where no other one is there.
std::vector<double> Gmml::others_over_own() const {
  std::vector<double> ratios;
  for (size_t m = 0; m < confidence_.size(); ++m) {
    double others = 0, count = 0;
    for (size_t n = 0; n < confidence_.size(); ++n) {
      if (n == m || std::isnan(confidence_[n])) continue;
      others += confidence_[n];
      ++count;
    }
    ratios.push_back(others / count / (confidence_[m] + kSmall));
  }
  return ratios;
}

double Gmml::coefficient(double ratio) const {
  if (std::isnan(ratio)) return 1;  // nothing to compare with
  if (options_.variant == GmmlVariant::ogm_acc) {
    if (std::abs(ratio - 1) < kTie) return 1;
    return ratio < 1 ? 1 - std::tanh(options_.alpha / ratio) : 1 + std::tanh(options_.alpha * ratio);
  }
  const double range = ratio > 1 && options_.beta_max ? *options_.beta_max - 1 : 1;
  return 1 + range * std::tanh(options_.alpha * (ratio - 1));
}

void Gmml::modulate(StepContext& context, const Outputs&) {
  if (!heads_) return;
  const std::vector<double> ratios = others_over_own();
  for (size_t m = 0; m < ratios.size(); ++m) {
    const auto index = static_cast<int64_t>(m);
    const double c = coefficient(ratios[m]);
    if (c != 1) {
      context.scale_gradients(index, c, Scope::encoder_plus_head);
      context.scale(heads_->parameters_of(index), c);
    }
    if (!context.logging()) continue;
    const std::string& name = context.model().infos()[m].name;
    context.log()["coef/" + name] = c;
    if (std::isnan(ratios[m])) continue;
    context.log()["score/" + name] = confidence_[m];
    context.log()["ratio/" + name] = ratios[m];
  }
}

}  // namespace

MethodInfo gmml_method() {
  return {
      .name = GmmlOptions::kMethod,
      .summary = "A loss per modality; gradients of whoever lags behind grow, of whoever leads shrink.",
      .source = "Improving Multimodal Learning with Multi-Loss Gradient Modulation, BMVC 2024",
      .make_options = make_options<GmmlOptions>,
      .description =
          "A linear head with a loss of its own stands beside the fusion for each modality, and its confidence says"
          " who lags behind. The gradients of encoder, part of the fused head and own head grow for a modality that"
          " lags behind and shrink for one that leads; among equals nothing changes.",
      .formula =
          "L = CE(f) + weight sum_m CE(u_m)\n"
          "q_m = mean over the batch of softmax(u_m)_y,  r_m = (mean of q_n over n != m) / q_m\n"
          "c_m = 1 + tanh(alpha (r_m - 1));  1 + (beta-max - 1) tanh(alpha (r_m - 1)) where r_m > 1 and beta-max is"
          " given\n"
          "gradients of encoder m, m's part of the fused head and its own head times c_m",
      .cost = "M linear heads, forward and backward. Nothing per epoch.",
      .step_factor = 1,
      .release =
          "That this is what comparisons call GMML is inferred from their description of it. The released file "
          "calls constructors by names that no longer exist and fails as it is; the update rule is taken from it "
          "all the same.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void GmmlOptions::describe(OptionList& list) {
  list.add("alpha", &alpha, "How strongly gradients follow the ratio of confidences; 0 leaves the losses alone.")
      .at_least(0)
      .search(.5, 2);
  list.add("beta-max", &beta_max, "Largest factor on a lagging modality; none: 2, as on the other side.")
      .at_least(1)
      .search(1.5, 5);
  list.add("weight", &weight, "Weight of each modality's own loss; 0, with alpha 0, is joint training.").at_least(0);
  list.add("variant", &variant,
           "Factor from the others' confidence over the own one (ratio), or 1 -+ tanh(alpha leading/weaker), two "
           "modalities only (ogm_acc).");
}

std::unique_ptr<Method> GmmlOptions::make() const { return std::make_unique<methods::Gmml>(*this); }

}  // namespace pdmp
