// ARL (ICCV 2025): the fused loss, and a loss of each modality's own logits s_m through the whole network,
//   L = CE(f) + g sum_m CE(s_m),   g = 1 up to epoch `start`, gamma after it.
// From then on an encoder's gradient is multiplied by 1 + k_m, more for a modality that is sure and hardly counts:
//   k = softmax over m of T q_m (1 - d_m) / (M - 1),
// with d_m its share of the logits' size and q_m of the inverse variance, for which the entropy of its prediction
// stands (arl.h).
#include "methods/arl.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numeric>

#include "methods/methods.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/own_logits.h"
#include "methods/parts/unimodal_heads.h"
#include "pdmp/error.h"
#include "pdmp/methods/arl.h"

namespace pdmp::methods {
namespace {

constexpr double kSmall = 1e-8;
constexpr double kInsideLog = 1e-16;
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// Values over their sum, equal where that is 0.
std::vector<double> shares_of(std::vector<double> values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) value = sum > 0 ? value / sum : 1 / static_cast<double>(values.size());
  return values;
}

std::vector<double> softmax(std::vector<double> values) {
  const double largest = *std::max_element(values.begin(), values.end());
  for (double& value : values) value = std::exp(value - largest);
  return shares_of(std::move(values));
}

// Of the modalities that are there.
struct Measured {
  std::vector<double> dependency, entropy, inverse_entropy;
};

void measure(const Tensor& logits, Measured& into) {
  const Tensor wide = logits.detach().to(torch::kFloat64);
  const Tensor probability = wide.softmax(1);
  const Tensor entropy = (probability * (probability + kInsideLog).log()).sum(1).neg().clamp_min(0);
  into.dependency.push_back(wide.abs().mean(0).sum().item<double>());
  into.entropy.push_back(entropy.mean().item<double>());
  into.inverse_entropy.push_back((entropy + kSmall).reciprocal().mean().item<double>());
}

std::vector<double> weights(const Measured& measured, const std::vector<double>& share,
                            const std::vector<double>& certainty, const AsymmetryRule& rule) {
  const double others = static_cast<double>(share.size()) - 1;
  if (others < 1) return {kNothing};
  std::vector<double> exponents;
  for (size_t m = 0; m < share.size(); ++m) {
    const double factor =
        rule.ratio == ArlRatio::other_share ? (1 - share[m]) / others : 1 / (measured.dependency[m] + kSmall);
    exponents.push_back(rule.temperature * certainty[m] * factor);
  }
  return softmax(std::move(exponents));
}

}  // namespace

std::vector<double> inverse_shares(const std::vector<double>& entropies, double floor) {
  std::vector<double> shares = shares_of(entropies);
  for (double& share : shares) share = 1 / std::max({share, floor, kSmall});
  return shares_of(std::move(shares));
}

Asymmetry asymmetry(const std::vector<Tensor>& logits, const Tensor& present, const AsymmetryRule& rule) {
  const std::vector<double> nothing(logits.size(), kNothing);
  Asymmetry result = {nothing, nothing, nothing, nothing, nothing};
  std::vector<size_t> there;
  Measured measured;
  for (size_t m = 0; m < logits.size(); ++m) {
    const Tensor rows = present.select(1, static_cast<int64_t>(m)).nonzero().flatten();
    if (rows.size(0) == 0) continue;
    there.push_back(m);
    measure(logits[m].index_select(0, rows), measured);
  }
  if (there.empty()) return result;
  const std::vector<double> share = shares_of(measured.dependency);
  const double floor = rule.floor * 2 / static_cast<double>(there.size());
  const std::vector<double> certainty = rule.variance == ArlVariance::entropy_share
                                            ? inverse_shares(measured.entropy, floor)
                                            : shares_of(measured.inverse_entropy);
  const std::vector<double> weight = weights(measured, share, certainty, rule);
  for (size_t i = 0; i < there.size(); ++i) {
    result.dependency[there[i]] = measured.dependency[i];
    result.share[there[i]] = share[i];
    result.entropy[there[i]] = measured.entropy[i];
    result.certainty[there[i]] = certainty[i];
    result.weight[there[i]] = weight[i];
  }
  return result;
}

namespace {

class Arl : public Method {
 public:
  explicit Arl(const ArlOptions& options)
      : options_(options), rule_{options.temperature, options.floor, options.variance, options.ratio} {}

  bool clips_after_modulation() const override { return true; }
  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  void modulate(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  bool active(const StepContext& context) const { return context.epoch() > options_.start; }
  std::vector<double> coefficients_of(const std::vector<double>& weights) const;

  ArlOptions options_;
  AsymmetryRule rule_;
  std::vector<double> last_weights_;  // k of the last step that had one; empty: this run is `joint`
  std::vector<std::string> notes_;
};

void Arl::prepare(PrepareContext& context, const OptimizerOptions&) {
  notes_.clear();
  last_weights_.clear();
  const Model& model = context.model();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "arl"));
    return;
  }
  last_weights_.assign(static_cast<size_t>(model.modalities()), 1 / static_cast<double>(model.modalities()));
}

Outputs Arl::forward(Model& model, const Batch& batch, Mode mode) {
  Outputs outputs = Method::forward(model, batch, mode);
  if (mode == Mode::evaluate || model.modalities() == 1) return outputs;
  outputs.unimodal = own_logits(model, outputs.features, batch.present);
  return outputs;
}

Loss Arl::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (last_weights_.empty()) return result;
  const double weight = active(context) ? options_.gamma : 1;
  std::vector<Tensor> logits;
  for (const Tensor& own : outputs.unimodal) logits.push_back(own.to(outputs.fused.scalar_type()));  // low precision
  for (const Tensor& own : log_own_losses(context, logits, result)) {
    if (own.defined()) result.total = result.total + weight * own;
  }
  return result;
}

// 1 for a modality that is not compared.
std::vector<double> Arl::coefficients_of(const std::vector<double>& weights) const {
  double compared = 0;
  for (const double weight : weights) compared += std::isnan(weight) ? 0 : 1;
  std::vector<double> coefficients;
  for (const double weight : weights) {
    const double scaled = options_.scale_form == ArlScaleForm::one_plus ? 1 + weight : compared * weight;
    coefficients.push_back(std::isnan(weight) ? 1 : scaled);
  }
  return coefficients;
}

void Arl::modulate(StepContext& context, const Outputs& outputs) {
  if (last_weights_.empty() || (!active(context) && !context.logging())) return;
  const Asymmetry seen = asymmetry(outputs.unimodal, context.batch().present, rule_);
  const bool late = options_.applied == ArlApplied::next_step;
  std::vector<double> coefficients(last_weights_.size(), 1);
  if (active(context)) coefficients = coefficients_of(late ? last_weights_ : seen.weight);
  for (size_t m = 0; m < coefficients.size(); ++m) {
    if (coefficients[m] != 1) context.scale_gradients(static_cast<int64_t>(m), coefficients[m], Scope::encoder_all);
    if (active(context) && !std::isnan(seen.weight[m])) last_weights_[m] = seen.weight[m];
    if (!context.logging()) continue;
    const std::string& name = context.model().infos()[m].name;
    context.log()["coef/" + name] = coefficients[m];
    if (std::isnan(seen.weight[m])) continue;
    context.log()["score/" + name] = seen.certainty[m];
    context.log()["ratio/" + name] = seen.weight[m];
    context.log()["entropy/" + name] = seen.entropy[m];
    context.log()["dep/share_" + name] = seen.share[m];
  }
}

void Arl::save(Archive& archive) const { archive.values["weights"] = last_weights_; }

void Arl::load(const Archive& archive) {
  const auto weights = archive.value("weights", std::vector<double>());
  if (weights.size() != last_weights_.size()) {
    throw Error(ErrorKind::data, fmt::format("the checkpoint has arl's weights of {} modalities, this run compares {}; "
                                             "resume with the same modalities",
                                             weights.size(), last_weights_.size()));
  }
  last_weights_ = weights;
}

}  // namespace

MethodInfo arl_method() {
  return {
      .name = ArlOptions::kMethod,
      .summary = "A loss per modality; larger gradients for the encoder that is sure and hardly counts.",
      .source = "Asymmetric representation learning, ICCV 2025",
      .make_options = make_options<ArlOptions>,
      .description =
          "Aims at an unequal balance: a modality's part in the decision should follow how certain it is, not be the "
          "same as the others'. Every modality's own logits have a loss, and after the first epochs the gradients of "
          "an "
          "encoder grow the more, the surer its modality is and the less it counts.",
      .formula =
          "L = CE(f) + g sum_m CE(s_m), g = 1 up to epoch `start`, then gamma; s_m with the whole bias\n"
          "d_m = sum_c mean_b |s_m[b,c]|, dn_m = d_m / sum_j d_j\n"
          "H_m = mean_b entropy(softmax(s_m[b])), hn_m = max(H_m / sum_j H_j, 2 floor / M)\n"
          "q_m = (1 / hn_m) / sum_j (1 / hn_j)\n"
          "k = softmax over m of T q_m (1 - dn_m) / (M - 1)\n"
          "gradients of encoder m times 1 + k_m after epoch `start`",
      .cost = "M passes of the head per step, with gradient; no more work for the encoders. Nothing per epoch.",
      .step_factor = 1,
      .release =
          "The training script stops with an error, its factors are printed but never used, and the function that "
          "should apply them fails; had it worked, every encoder would have had the same factor 1.5. Here they are "
          "applied, in the step they come from (`applied`).",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void ArlOptions::describe(OptionList& list) {
  list.add("gamma", &gamma, "Weight of each modality's own loss after the first epochs; in these it is 1.")
      .at_least(0)
      .search(1, 6);
  list.add("temperature", &temperature, "How sharply the growth of gradients is shared out; 0: evenly.")
      .at_least(0)
      .search(1, 16);
  list.add("start", &start, "Last epoch, counted from 0, without modulation and with own losses of weight 1.")
      .at_least(-1)
      .search(0, 20);
  list.add("floor", &floor, "Smallest share of the entropy with two modalities; with M, 2 / M of it.")
      .at_least(0)
      .at_most(0.5)
      .search(0, 0.5);
  list.add("scale-form", &scale_form,
           "Factor on an encoder's gradients: 1 + k, or M k (times), which may shrink them.");
  list.add(
      "variance", &variance,
      "Whose inverse a modality's certainty is: of its share of the mean entropy, not below the floor, or the mean "
      "of the inverse entropies of the samples.");
  list.add("ratio", &ratio,
           "What certainty is multiplied by: the others' share of the logits' size, or 1 over the own size.");
  list.add("applied", &applied, "Modulate the step that was looked at, or the next one (as the release is laid out).");
}

std::unique_ptr<Method> ArlOptions::make() const { return std::make_unique<methods::Arl>(*this); }

}  // namespace pdmp
