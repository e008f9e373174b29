// LFM, learning to fit the modality gap (NeurIPS 2024). Beside the labels, features of one sample are to match across
// modalities, so that no modality races ahead in fitting labels; that counts for much at first and less later:
//   L = 2 ((1 - a_t) CE(f) + a_t mean over pairs of match(i, j)).
// match is contrastive between features, or a divergence between the modalities' own logits. f is the model's own
// fusion, or the mean of a linear head per modality in its place.
//
// A learned a_t takes, after each epoch, a step along the agreement of two gradients: of the loss on what is held out,
// and of matching less classification on training data. Where matching serves the former better, a grows.
#include "methods/lfm.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <torch/autograd.h>

#include "methods/methods.h"
#include "methods/parts/common_width.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/unimodal_heads.h"
#include "models/layers/evaluation_mode.h"
#include "pdmp/error.h"
#include "pdmp/methods/lfm.h"

namespace pdmp::methods {
namespace {

constexpr double kSmallestNorm = 1e-8;
constexpr double kLowest = 0.05, kHighest = 0.95;
// The weight of classification, over epochs 0 to 199, in powers of the epoch.
constexpr double kFitted[] = {2.04623704e-1,  3.35472727e-3, 1.22989557e-4,
                              -2.92947416e-6, 2.23835486e-8, -5.39717505e-11};
constexpr double kLastFitted = 199;

// Rows over their norms; one of about zeros becomes zeros and gets no gradient.
Tensor directions(const Tensor& x) {
  const Tensor norms = torch::linalg_vector_norm(x, 2, {1}, /*keepdim=*/true);
  return x / norms.masked_fill(norms < kSmallestNorm, std::numeric_limits<double>::infinity());
}

struct LogProbabilities {
  LogProbabilities(const Tensor& a, const Tensor& b)
      : p(a.log_softmax(1)), r(b.log_softmax(1)), mean(torch::logaddexp(p, r) - std::log(2.0)) {}
  Tensor p, r, mean;
};

// Mean over the rows of KL(exp(a), exp(b)).
Tensor divergence(const Tensor& a, const Tensor& b) { return (a.exp() * (a - b)).sum(1).mean(); }

}  // namespace

Tensor info_nce(const Tensor& a, const Tensor& b, double tau) {
  const Tensor likeness = directions(a).matmul(directions(b).t()) / tau;
  const Tensor own = torch::arange(a.size(0), a.options().dtype(at::kLong));
  return 0.5 * (torch::cross_entropy_loss(likeness, own) + torch::cross_entropy_loss(likeness.t(), own));
}

Tensor js(const Tensor& a, const Tensor& b) {
  const LogProbabilities log(a, b);
  return 0.5 * (divergence(log.p, log.mean) + divergence(log.r, log.mean));
}

Tensor reversed_js(const Tensor& a, const Tensor& b) {
  const LogProbabilities log(a, b);
  return 0.5 * (divergence(log.mean, log.p) + divergence(log.mean, log.r));
}

double heuristic_weight(int64_t epoch) { return 1 - std::exp(-1 / static_cast<double>(epoch + 1)); }

double fitted_weight(int64_t epoch, int64_t epochs) {
  const auto last = static_cast<double>(std::max<int64_t>(epochs - 1, 1));
  const double e = std::min(static_cast<double>(epoch) / last, 1.0) * kLastFitted;
  double classification = 0, power = 1;
  for (const double coefficient : kFitted) {
    classification += coefficient * power;
    power *= e;
  }
  return within_bounds(1 - classification);
}

double within_bounds(double weight) { return std::clamp(weight, kLowest, kHighest); }

namespace {

constexpr double kFirstLearned = 0.95;

class Lfm : public Method {
 public:
  explicit Lfm(const LfmOptions& options) : options_(options) {}

  bool needs_held_out() const override { return learns(); }
  bool trains(const OwnedParameter& parameter) const override {
    return !heads_ || !parameter.name.starts_with("fusion.");
  }
  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  Loss step(StepContext& context) override;
  void prepare(PrepareContext& context, const OptimizerOptions&) override { epochs_ = context.epochs(); }
  void on_epoch_end(EpochContext& context) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override { archive.values["learned"] = learned_; }
  void load(const Archive& archive) override { learned_ = archive.value("learned", kFirstLearned); }

 private:
  int64_t epochs_ = 1;  // of the training
  bool learns() const { return options_.schedule == LfmSchedule::learned && !options_.weight; }
  double weight(int64_t epoch) const;
  Tensor pair(const Outputs& outputs, size_t i, size_t j, const Tensor& rows) const;
  Tensor match(const Outputs& outputs, const Tensor& present) const;
  std::vector<Tensor> gradients(EpochContext& context, const Batch& batch, bool of_match);

  LfmOptions options_;
  bool is_joint_ = false;
  std::shared_ptr<UnimodalHeads> heads_;  // null: the model's fusion is used
  double learned_ = kFirstLearned;
  std::vector<std::string> notes_;
};

// Cosines are between features of one width.
void expect_one_width(Model& model) {
  for (int64_t m = 1; m < model.modalities(); ++m) {
    if (model.encoder(m).width() == model.encoder(0).width()) continue;
    throw Error(ErrorKind::usage, fmt::format("`lfm.match` infonce: expected features of one width, found {} of '{}' "
                                              "and {} of '{}'; use js, or encoders of one width",
                                              model.encoder(0).width(), model.infos()[0].name, model.encoder(m).width(),
                                              model.infos()[static_cast<size_t>(m)].name));
  }
}

std::shared_ptr<torch::nn::Module> Lfm::extend(Model& model) {
  notes_.clear();
  heads_.reset();
  is_joint_ = model.modalities() == 1;
  if (is_joint_) {
    notes_.push_back(one_modality_note(model, "lfm"));
    return nullptr;
  }
  if (options_.match == LfmMatch::infonce) expect_one_width(model);
  if (options_.heads == LfmHeads::fusion) return nullptr;
  expect_replaceable_fusion(model, "lfm with `lfm.heads` own");
  heads_ = std::make_shared<UnimodalHeads>(model);
  return heads_;
}

std::vector<ParameterGroup> Lfm::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (heads_) groups.push_back(heads_->group());
  return groups;
}

double Lfm::weight(int64_t epoch) const {
  if (options_.weight) return *options_.weight;
  if (options_.schedule == LfmSchedule::heuristic) return heuristic_weight(epoch);
  return options_.schedule == LfmSchedule::fitted ? fitted_weight(epoch, epochs_) : learned_;
}

Outputs Lfm::forward(Model& model, const Batch& batch, Mode mode) {
  if (is_joint_) return Method::forward(model, batch, mode);
  if (!heads_) return model.forward(batch, mode == Mode::evaluate || options_.match != LfmMatch::infonce);
  Outputs outputs;
  outputs.features = encode_all(model, batch);
  const at::ScalarType type = heads_->parameters().front().scalar_type();  // not the low precision of encoders
  for (const Tensor& own : heads_->logits(outputs.features)) outputs.unimodal.push_back(own.to(type));
  outputs.fused = mean_where_present(outputs.unimodal, batch.present);
  return outputs;
}

// Lower precision is for networks, not for losses.
Tensor in_full(const Tensor& x) { return at::isReducedFloatingType(x.scalar_type()) ? x.to(at::kFloat) : x; }

Tensor Lfm::pair(const Outputs& outputs, size_t i, size_t j, const Tensor& rows) const {
  const bool of_features = options_.match == LfmMatch::infonce;
  const auto side = [&](size_t m) {
    const Tensor x = in_full(of_features ? outputs.features[m].pooled : outputs.unimodal[m]);
    return rows.size(0) == x.size(0) ? x : x.index_select(0, rows);
  };
  if (of_features) return info_nce(side(i), side(j), options_.tau);
  return options_.match == LfmMatch::js ? js(side(i), side(j)) : reversed_js(side(i), side(j));
}

// Mean over the pairs of modalities, each by the rows that have both; undefined where no pair has rows enough.
Tensor Lfm::match(const Outputs& outputs, const Tensor& present) const {
  const int64_t least = options_.match == LfmMatch::infonce ? 2 : 1;  // one sample has nothing to be told from
  Tensor sum;
  double pairs = 0;
  for (int64_t i = 0; i < present.size(1); ++i) {
    for (int64_t j = i + 1; j < present.size(1); ++j) {
      const Tensor rows = present.select(1, i).logical_and(present.select(1, j)).nonzero().flatten();
      if (rows.size(0) < least) continue;
      const Tensor value = pair(outputs, static_cast<size_t>(i), static_cast<size_t>(j), rows);
      sum = sum.defined() ? sum + value : value;
      ++pairs;
    }
  }
  return sum.defined() ? sum / pairs : sum;
}

Loss Lfm::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (is_joint_) return result;
  const double a = weight(context.epoch());
  if (context.logging()) context.log()["match_weight"] = a;
  result.parts.emplace_back("fused", result.total.detach());
  result.total = 2 * (1 - a) * result.total;
  const Tensor matching = a == 0 ? Tensor() : match(outputs, context.batch().present);
  if (!matching.defined()) return result;
  result.parts.emplace_back("match", matching.detach());
  result.total = result.total + 2 * a * matching;
  return result;
}

Loss Lfm::step(StepContext& context) {
  if (!heads_) return Method::step(context);
  const Outputs outputs = context.forward();
  Loss result = loss(context, outputs);
  context.backward(result.total);
  if (context.logging()) {
    for (size_t m = 0; m < outputs.unimodal.size(); ++m)
      log_own_branch(context, static_cast<int64_t>(m), outputs.unimodal[m]);
  }
  context.update({.features = {}, .fused = outputs.fused, .unimodal = {}});  // the fusion's branches learn nothing
  result.total = result.total.detach();
  return result;
}

// Of the classification loss, or of matching less that. Empty where nothing matches. The pass leaves no trace.
std::vector<Tensor> Lfm::gradients(EpochContext& context, const Batch& batch, bool of_match) {
  Model& model = context.model();
  const models::EvaluationMode evaluation(model);
  const Outputs outputs = forward(model, batch, Mode::train);
  Tensor loss = context.criterion()(in_full(outputs.fused), batch.labels);
  if (of_match) {
    const Tensor matching = match(outputs, batch.present);
    if (!matching.defined()) return {};
    loss = matching - loss;
  }
  std::vector<Tensor> parameters = model.parameters();
  if (heads_) {
    for (const Tensor& parameter : heads_->parameters()) parameters.push_back(parameter);
  }
  std::erase_if(parameters, [](const Tensor& parameter) { return !parameter.requires_grad(); });
  return torch::autograd::grad({loss}, parameters, {}, std::nullopt, false, /*allow_unused=*/true);
}

// Undefined gradients are zeros; 0 where one side is all zeros.
double cosine_between(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double product = 0, squares_a = 0, squares_b = 0;
  const auto dot = [](const Tensor& x, const Tensor& y) {
    return x.defined() && y.defined() ? (x * y).sum(at::kDouble).item<double>() : 0.0;
  };
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    product += dot(a[i], b[i]);
    squares_a += dot(a[i], a[i]);
    squares_b += dot(b[i], b[i]);
  }
  const double cosine = product / std::sqrt(squares_a * squares_b);
  return std::isfinite(cosine) ? cosine : 0;
}

void Lfm::on_epoch_end(EpochContext& context) {
  if (is_joint_ || !learns()) return;
  std::vector<Tensor> held_out, difference;
  context.for_each_training_batch(context.held_out().data, context.epoch(), [&](const Batch& batch) {
    held_out = gradients(context, batch, /*of_match=*/false);
    return false;
  });
  context.for_each_training_batch(context.data().train, context.epoch(), [&](const Batch& batch) {
    difference = gradients(context, batch, /*of_match=*/true);
    return false;
  });
  learned_ = within_bounds(learned_ + options_.rate * cosine_between(held_out, difference));
}

}  // namespace

MethodInfo lfm_method() {
  return {
      .name = LfmOptions::kMethod,
      .summary = "Has features match across modalities, much at first and less later, beside fitting labels.",
      .source = "LFM, Facilitating Multimodal Classification via Dynamically Learning Modality Gap (NeurIPS 2024)",
      .make_options = make_options<LfmOptions>,
      .description =
          "An unsupervised loss has what the modalities say of one sample match, contrastively between the "
          "samples of a batch. Its weight against the classification loss falls as training goes on.",
      .formula =
          "L = 2 ((1 - a_t) CE(f, y) + a_t mean over pairs i < j of match(i, j))\n"
          "infonce: (CE(S, diagonal) + CE(S^T, diagonal)) / 2, S = cos(z_i, z_j) / tau over the batch\n"
          "js: (KL(p_i, m) + KL(p_j, m)) / 2, m = (p_i + p_j) / 2; js_rev: KL's arguments exchanged\n"
          "heuristic: a_t = 1 - exp(-1/t); learned: a <- a + rate cos(grad CE held out, grad (match - CE))",
      .cost =
          "Per step M (M - 1) / 2 matrices of B x B (infonce) or B x C; learned: three forward and two backward "
          "passes of one batch per epoch at most.",
      .step_factor = 1,
      .release =
          "The released script averages linear heads and matches by a reversed Jensen-Shannon divergence that "
          "knows no negatives: --lfm.heads own --lfm.match js_rev; its fitted weight turns negative near epoch "
          "180 of 200, here it stays in [0.05, 0.95]. Its learned weight follows the mean entry of one tensor's "
          "gradient and hardly moves; that form is left out.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void LfmOptions::describe(OptionList& list) {
  list.add("match", &match,
           "What is to match: features, contrastively (infonce), or logits, by Jensen-Shannon divergence (js) or that "
           "of the release, with its arguments the other way round (js_rev).");
  list.add("tau", &tau, "Temperature of infonce.").above(0).search(0.05, 0.5);
  list.add("schedule", &schedule,
           "Weight of matching over the epochs: 1 - exp(-1/t) (heuristic), a polynomial fitted to a learned run and "
           "stretched over the training (fitted), or learned on held-out data.");
  list.add("rate", &rate, "Largest step per epoch of a learned weight.").at_least(0);
  list.add("weight", &weight, "Constant weight of matching in place of a schedule; 0 is twice the loss of joint.")
      .at_least(0)
      .at_most(1);
  list.add("heads", &heads,
           "What is classified by: the model's fusion, or the mean of a linear head per modality in its place, as in "
           "the release (own).");
}

std::unique_ptr<Method> LfmOptions::make() const { return std::make_unique<methods::Lfm>(*this); }

}  // namespace pdmp
