// PDMP (sections III-B, III-C, Algorithm 1): the encoder of the modality that is best on its own gets gamma times the
// gradient, for the whole run; the others 1 / gamma where another modality is ahead at the beginning, else gamma.
//
// Two forms of the same update. `grad`: the paper's, gradients are multiplied after backward. `lr`: the learning rate
// is multiplied and weight decay divided, which costs nothing per step. For SGD d = c g + decay p, p -= lr v(d) equals
// d' = g + (decay / c) p, p -= c lr v(d'). Adaptive optimizers cancel a constant scale of the gradient, so that there
// only `lr` does anything.
#include "pdmp/methods/pdmp.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unordered_set>

#include "data/loader/modality_names.h"
#include "methods/methods.h"
#include "methods/parts/coefficients.h"
#include "methods/parts/one_modality.h"
#include "pdmp/error.h"

namespace pdmp::methods {
namespace {

// Above it an adaptive optimizer's steps get too large to learn from; it wants gamma of 2 to 5.
constexpr double kAdaptiveLimit = 5;

class Pdmp : public Method {
 public:
  explicit Pdmp(const PdmpOptions& options) : options_(options) {}

  bool needs_ranking() const override { return options_.coefficients.empty() && options_.gamma != 1; }
  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  void modulate(StepContext& context, const Outputs& outputs) override;
  std::vector<double> coefficients() const override { return coefficients_; }
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  std::vector<double> choose_coefficients(PrepareContext& context);
  void leave_out_frozen(Model& model);
  bool scales_gradients(const OptimizerOptions& optimizer) const;
  void tell(const std::vector<std::string>& names, const OptimizerOptions& optimizer);

  PdmpOptions options_;
  std::vector<double> coefficients_;  // empty: this run is `joint`
  bool by_gradient_ = false;
  std::vector<std::string> notes_;
};

void Pdmp::prepare(PrepareContext& context, const OptimizerOptions& optimizer) {
  notes_.clear();
  coefficients_ = choose_coefficients(context);
  if (coefficients_.empty()) return;
  expect_own_encoders(context.model());
  leave_out_frozen(context.model());
  by_gradient_ = scales_gradients(optimizer);
  tell(data::modality_names(context.model().infos()), optimizer);
}

// Empty where there is nothing to scale.
std::vector<double> Pdmp::choose_coefficients(PrepareContext& context) {
  const std::vector<std::string> names = data::modality_names(context.model().infos());
  std::vector<double> chosen;
  if (!options_.coefficients.empty()) chosen = manual_coefficients(options_.coefficients, names);
  if (names.size() == 1) {
    notes_.push_back(one_modality_note(context.model(), "pdmp"));
    return {};
  }
  if (needs_ranking()) {
    const ModalityRanking& ranking = context.ranking();
    if (ranking.modalities != names) {
      throw Error(ErrorKind::usage,
                  fmt::format("the modality analysis ranks {}, the model has {}; run `pdmp analyze` with "
                              "the same `modalities`",
                              fmt::join(ranking.modalities, ", "), fmt::join(names, ", ")));
    }
    chosen = pdmp_coefficients(ranking, options_.gamma, options_.multi_policy);
    if (!ranking.ambiguous.empty()) {
      notes_.push_back(
          fmt::format("the modality analysis is not sure of the dominant modality ({})", ranking.ambiguous));
    }
  }
  if (std::all_of(chosen.begin(), chosen.end(), [](double c) { return c == 1; })) {
    notes_.emplace_back("every coefficient is 1: pdmp is joint training");
    return {};
  }
  return chosen;
}

void Pdmp::leave_out_frozen(Model& model) {
  const std::vector<std::string> names = data::modality_names(model.infos());
  for (size_t m = 0; m < names.size(); ++m) {
    const auto index = static_cast<int64_t>(m);
    const std::vector<Tensor> scaled = model.modality_parameters(index, options_.scope);
    if (model.modality_parameters(index).empty() || scaled.empty()) {
      throw Error(ErrorKind::usage,
                  fmt::format("pdmp cannot act on modality '{}': it has no encoder parameter of its own in "
                              "`pdmp.scope` {} (there are none, or they are of another kind); "
                              "use `pdmp.scope` encoder_all or `method` joint",
                              names[m], choice_name(options_.scope)));
    }
    if (std::none_of(scaled.begin(), scaled.end(), [](const Tensor& value) { return value.requires_grad(); })) {
      coefficients_[m] = 1;
      notes_.push_back(fmt::format("the encoder of '{}' is frozen: pdmp leaves it out", names[m]));
    }
  }
}

bool Pdmp::scales_gradients(const OptimizerOptions& optimizer) const {
  if (options_.mechanism) return options_.mechanism == PdmpMechanism::grad;
  const bool clips_after = optimizer.clip_norm > 0 && optimizer.clip_position == "after";
  return clips_after && !optimizer.adaptive();
}

void Pdmp::tell(const std::vector<std::string>& names, const OptimizerOptions& optimizer) {
  std::vector<std::string> factors;
  for (size_t m = 0; m < names.size(); ++m) factors.push_back(fmt::format("{} x{:.4g}", names[m], coefficients_[m]));
  notes_.push_back(fmt::format("pdmp multiplies the {} of the encoders: {}",
                               by_gradient_ ? "gradients" : "learning rates", fmt::join(factors, ", ")));
  const double largest = *std::max_element(coefficients_.begin(), coefficients_.end());
  if (optimizer.adaptive() && by_gradient_) {
    notes_.push_back(
        fmt::format("{} cancels a constant factor on gradients, so pdmp will change next to nothing; use "
                    "`pdmp.mechanism` lr",
                    optimizer.optimizer));
  } else if (optimizer.adaptive() && largest > kAdaptiveLimit) {
    notes_.push_back(fmt::format("a learning rate of {:.4g} ({:.4g} x {:.4g}) is large for {}; try `pdmp.gamma` 2 to 5",
                                 largest * optimizer.lr, largest, optimizer.lr, optimizer.optimizer));
  }
  if (!by_gradient_ && optimizer.clip_norm > 0 && optimizer.clip_position == "after") {
    notes_.emplace_back(
        "with learning rates multiplied, gradients are clipped as they are: `clip-position` after changes "
        "nothing; use `pdmp.mechanism` grad");
  }
}

std::vector<ParameterGroup> Pdmp::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (coefficients_.empty() || by_gradient_) return groups;
  std::vector<ParameterGroup> split;
  for (ParameterGroup& group : groups) {
    if (!group.modality) {
      split.push_back(std::move(group));
      continue;
    }
    const double c = coefficients_[static_cast<size_t>(*group.modality)];
    std::unordered_set<const void*> scaled;
    for (const Tensor& value : model.modality_parameters(*group.modality, options_.scope))
      scaled.insert(value.unsafeGetTensorImpl());
    const std::string name = group.name;
    ParameterGroup led{name, group.modality, {}, c, 1 / c};
    ParameterGroup rest{name + ".rest", group.modality, {}, 1, 1};
    for (const Tensor& value : group.parameters) {
      (scaled.count(value.unsafeGetTensorImpl()) != 0 ? led : rest).parameters.push_back(value);
    }
    split.push_back(std::move(led));
    if (!rest.parameters.empty()) split.push_back(std::move(rest));
  }
  return split;
}

// Gradients themselves, whatever --modulation says of other methods: `grad` is the paper's form to the letter.
void Pdmp::modulate(StepContext& context, const Outputs&) {
  if (!by_gradient_) return;
  for (size_t m = 0; m < coefficients_.size(); ++m) {
    if (coefficients_[m] == 1) continue;
    for (const Tensor& parameter : context.model().modality_parameters(static_cast<int64_t>(m), options_.scope)) {
      if (parameter.grad().defined()) parameter.mutable_grad().mul_(coefficients_[m]);
    }
  }
}

void Pdmp::save(Archive& archive) const { archive.values["coefficients"] = coefficients_; }

// The coefficients come from the ranking and the options; the saved ones only show whether both are still the same.
void Pdmp::load(const Archive& archive) {
  const auto saved = archive.value("coefficients", std::vector<double>());
  if (saved != coefficients_) {
    throw Error(ErrorKind::data,
                fmt::format("the checkpoint was trained with coefficients ({}), this run has ({}); resume "
                            "with the same analysis and `pdmp` options",
                            fmt::join(saved, ", "), fmt::join(coefficients_, ", ")));
  }
}

}  // namespace

MethodInfo pdmp_method() {
  return {
      .name = PdmpOptions::kMethod,
      .summary = "Lets the modality that is best on its own lead: its encoder learns faster, constantly.",
      .source = "PDMP, Performance-Dominant Modality Prioritization",
      .make_options = make_options<PdmpOptions>,
      .description =
          "A modality analysis trains every modality alone: the best at the end is performance-dominant (p), the "
          "best at the beginning optimization-dominant (o). In joint training encoder p then learns gamma times as "
          "fast, and the others are slowed down where another one than p would have been ahead, else sped up as "
          "well.",
      .formula =
          "p = argmax_m accuracy of m alone at the end,  o = argmax_m accuracy of m alone at the beginning\n"
          "c_p = gamma;  for every other r: c_r = 1 / gamma where o is not p, else gamma\n"
          "gradients of encoder m times c_m in every step;  L = CE(f)",
      .cost =
          "Nothing per step. Once: every modality trained alone, together about one joint training; the analysis "
          "serves every fusion, method and seed (`pdmp analyze`).",
      .step_factor = 1,
      .release =
          "There is none. The paper defines o by the branches of the joint model, says it is found by training "
          "alone, and has the branches again in its algorithm; here it is training alone, and `pdmp analyze "
          "--criterion` has the others. For more than two modalities it does not say which are slowed down: `multi-"
          "policy`.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void PdmpOptions::describe(OptionList& list) {
  list.add("gamma", &gamma, "Factor on the leading encoder; 1 is joint training.").at_least(1).search(5, 25);
  list.add(
      "mechanism", &mechanism,
      "Multiply gradients (grad) or learning rates (lr); auto: lr, or grad where clipping comes after modulation.");
  list.add("scope", &scope, "Which parameters of a modality are scaled.");
  list.add("multi-policy", &multi_policy, "With more than two modalities: which of the others are slowed down.");
  list.add("coefficients", &coefficients,
           "Factor of every modality by hand (audio=0.1,visual=10); no analysis is needed.");
}

std::unique_ptr<Method> PdmpOptions::make() const { return std::make_unique<methods::Pdmp>(*this); }

}  // namespace pdmp
