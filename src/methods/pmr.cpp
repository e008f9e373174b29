// Prototypical modal rebalance (CVPR 2023). The classes' mean features are prototypes; how near a sample's feature is
// to the right one says how far a modality has come, and whoever lags behind gets a loss that pulls it there:
//   q_m = softmax over c of -|z_m - C_m[c]|, conf_m = mean of q_m of the true class, b = the largest of them,
//   beta_m = 1 where conf_m < b (hard) or clip(b / conf_m - 1, 0, 1) (soft),
//   L = CE(f) + alpha sum_m beta_m CE(-|z_m - C_m|) [- mu mean of the others' beta * entropy of the leader's q].
// Prototypes are made anew before each epoch and, from the third time on, mixed with the ones before. The leader's
// gradients are never touched.
#include "methods/pmr.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "methods/methods.h"
#include "methods/parts/confidence.h"
#include "methods/parts/one_modality.h"
#include "models/layers/evaluation_mode.h"
#include "pdmp/error.h"
#include "pdmp/methods/pmr.h"

namespace pdmp::methods {
namespace {

constexpr double kSmall = 1e-8;
constexpr int64_t kSubtract = 2;  // cdist by differences: products would lose what is left of a small distance

at::ScalarType wide(at::ScalarType type) { return type == at::kDouble ? at::kDouble : at::kFloat; }

}  // namespace

ClassMeans::ClassMeans(int64_t classes, int64_t width, const Tensor& like) : type_(wide(like.scalar_type())) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(like.device());
  sums_ = at::zeros({classes, width}, options);
  counts_ = at::zeros({classes}, options);
}

// In double precision: many small batches add up, and a run's lower precision leaves such products alone.
void ClassMeans::add(const Tensor& features, const Tensor& labels) {
  const torch::NoGradGuard no_gradients;
  const Tensor members = at::one_hot(labels, counts_.size(0)).to(at::kDouble);
  sums_ += members.t().matmul(features.to(at::kDouble));
  counts_ += members.sum(0);
}

Prototypes ClassMeans::result() const {
  const Tensor known = counts_ > 0;
  return {(sums_ / counts_.clamp_min(1).unsqueeze(1)).to(type_), known, known.all().item<bool>()};
}

Prototypes mix(const Prototypes& fresh, const Prototypes& old, double keep) {
  const Tensor mixed = fresh.means * (1 - keep) + old.means * keep;
  const Tensor one = at::where(fresh.known.unsqueeze(1), fresh.means, old.means);
  const Tensor both = fresh.known.logical_and(old.known);
  const Tensor known = fresh.known.logical_or(old.known);
  return {at::where(both.unsqueeze(1), mixed, one), known, known.all().item<bool>()};
}

Tensor prototype_logits(const Tensor& features, const Prototypes& prototypes) {
  const Tensor distances = at::cdist(features.to(prototypes.means.scalar_type()), prototypes.means, 2, kSubtract);
  if (prototypes.complete) return -distances;
  const double none = -std::numeric_limits<double>::infinity();
  return (-distances).masked_fill(prototypes.known.logical_not().unsqueeze(0), none);
}

Tensor prototype_loss(const Criterion& criterion, const Tensor& logits, const Tensor& labels, bool complete) {
  return complete ? criterion(logits, labels) : at::cross_entropy_loss(logits, labels);
}

Tensor mean_entropy(const Tensor& logits) {
  const Tensor log_q = logits.log_softmax(1);
  return -(log_q.exp() * log_q.masked_fill(logits.isinf(), 0)).sum(1).mean();
}

std::vector<double> lags(const std::vector<double>& confidence, PmrMode mode) {
  double best = 0;
  for (const double value : confidence) best = std::isnan(value) ? best : std::max(best, value);
  std::vector<double> result;
  for (const double value : confidence) {
    double lag = 0;
    if (value < best) lag = mode == PmrMode::hard ? 1 : std::clamp(best / (value + kSmall) - 1, 0.0, 1.0);
    result.push_back(lag);
  }
  return result;
}

namespace {

constexpr int64_t kUnmixed = 2;  // prototypes of an encoder that has hardly begun are not kept

class Pmr : public Method {
 public:
  explicit Pmr(const PmrOptions& options) : options_(options) {}

  bool needs_held_out() const override { return options_.prototypes == PmrPrototypes::held_out; }
  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  void on_epoch_begin(EpochContext& context) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  // What the prototypes say of one batch.
  struct Verdict {
    std::vector<Tensor> logits, labels;  // M x (rows that have m and a prototype to go to, C), (those rows)
    std::vector<double> confidence;      // NaN where there are no such rows
    std::vector<double> beta;
  };

  bool in_window(int64_t epoch) const;
  std::shared_ptr<const Dataset> samples(EpochContext& context) const;
  std::vector<Prototypes> fresh(EpochContext& context) const;
  Verdict judge(const Batch& batch, const Outputs& outputs) const;
  void subtract_entropy(Loss& result, const Verdict& verdict) const;
  static void log(StepContext& context, const Verdict& verdict);

  PmrOptions options_;
  bool is_joint_ = false;
  std::vector<Prototypes> prototypes_;  // per modality; empty before the first epoch of the window
  int64_t computed_ = 0;                // how often
  torch::Device device_ = torch::kCPU;
  std::vector<std::string> notes_;
};

void Pmr::prepare(PrepareContext& context, const OptimizerOptions&) {
  notes_.clear();
  prototypes_.clear();
  computed_ = 0;
  const Model& model = context.model();
  device_ = model.ownership().back().value.device();
  is_joint_ = model.modalities() == 1 || (options_.alpha == 0 && options_.entropy == 0);
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "pmr"));
  } else if (is_joint_) {
    notes_.emplace_back("alpha and entropy are 0: pmr is joint training");
  }
}

bool Pmr::in_window(int64_t epoch) const {
  return !is_joint_ && epoch >= options_.start_epoch && (!options_.end_epoch || epoch <= *options_.end_epoch);
}

// Some of each class, however train is sorted and however few a class has.
std::shared_ptr<const Dataset> Pmr::samples(EpochContext& context) const {
  if (options_.prototypes == PmrPrototypes::held_out) return context.held_out().data;
  const std::shared_ptr<const Dataset>& train = context.data().train;
  if (options_.fraction == 1) return train;
  std::vector<std::vector<int64_t>> classes(train->classes().size());
  for (int64_t i = 0; i < train->size(); ++i) classes[static_cast<size_t>(train->label(i))].push_back(i);
  std::vector<int64_t> chosen;
  for (std::vector<int64_t>& members : classes) {
    context.random().shuffle(members);
    const auto count = static_cast<int64_t>(std::ceil(options_.fraction * static_cast<double>(members.size())));
    chosen.insert(chosen.end(), members.begin(), members.begin() + count);
  }
  std::sort(chosen.begin(), chosen.end());
  return select_samples(train, chosen);
}

std::vector<Prototypes> Pmr::fresh(EpochContext& context) const {
  const torch::NoGradGuard no_gradients;
  Model& model = context.model();
  const models::EvaluationMode evaluation(model);
  const Tensor& like = model.ownership().back().value;
  std::vector<ClassMeans> means;
  for (int64_t m = 0; m < model.modalities(); ++m) means.emplace_back(model.classes(), model.encoder(m).width(), like);
  context.for_each_batch(samples(context), [&](const Batch& batch) {
    for (size_t m = 0; m < means.size(); ++m) {
      const auto index = static_cast<int64_t>(m);
      const Tensor present = batch.present.select(1, index);
      const Tensor rows = present.nonzero().flatten();
      const Tensor features = model.encode(index, batch.inputs[m], present).pooled;
      means[m].add(features.index_select(0, rows), batch.labels.index_select(0, rows));
    }
    return true;
  });
  std::vector<Prototypes> result;
  for (const ClassMeans& mean : means) result.push_back(mean.result());
  return result;
}

void Pmr::on_epoch_begin(EpochContext& context) {
  if (!in_window(context.epoch())) return;
  std::vector<Prototypes> now = fresh(context);
  for (size_t m = 0; m < prototypes_.size(); ++m)
    now[m] = mix(now[m], prototypes_[m], computed_ < kUnmixed ? 0 : options_.momentum);
  prototypes_ = std::move(now);
  ++computed_;
}

Pmr::Verdict Pmr::judge(const Batch& batch, const Outputs& outputs) const {
  Verdict verdict;
  for (size_t m = 0; m < prototypes_.size(); ++m) {
    const Prototypes& prototypes = prototypes_[m];
    Tensor counted = batch.present.select(1, static_cast<int64_t>(m));
    if (!prototypes.complete) counted = counted.logical_and(prototypes.known.index_select(0, batch.labels));
    const Tensor rows = counted.nonzero().flatten();
    const Tensor labels = batch.labels.index_select(0, rows);
    const Tensor logits = prototype_logits(outputs.features[m].pooled.index_select(0, rows), prototypes);
    const Tensor all = at::ones({labels.size(0), 1}, batch.present.options());
    verdict.confidence.push_back(mean_confidence({logits}, all, labels)[0]);
    verdict.logits.push_back(logits);
    verdict.labels.push_back(labels);
  }
  verdict.beta = lags(verdict.confidence, options_.mode);
  return verdict;
}

Loss Pmr::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (prototypes_.empty() || !in_window(context.epoch())) return result;
  const Verdict verdict = judge(context.batch(), outputs);
  result.parts.emplace_back("fused", result.total.detach());
  for (size_t m = 0; m < prototypes_.size(); ++m) {
    if (verdict.labels[m].size(0) == 0) continue;
    const Tensor own =
        prototype_loss(context.criterion(), verdict.logits[m], verdict.labels[m], prototypes_[m].complete);
    result.parts.emplace_back("prototype_" + context.model().infos()[m].name, own.detach());
    const double weight = options_.alpha * verdict.beta[m];
    if (weight != 0) result.total = result.total + weight * own;
  }
  if (options_.entropy > 0 && context.epoch() < options_.entropy_epochs) subtract_entropy(result, verdict);
  if (context.logging()) log(context, verdict);
  return result;
}

// Of the leader, as much as the others lag behind it on average: with two modalities, the other's beta.
void Pmr::subtract_entropy(Loss& result, const Verdict& verdict) const {
  size_t leader = 0;
  double behind = 0, others = -1;
  for (size_t m = 0; m < verdict.beta.size(); ++m) {
    if (std::isnan(verdict.confidence[m])) continue;
    if (!(verdict.confidence[leader] >= verdict.confidence[m])) leader = m;
    behind += verdict.beta[m];
    ++others;
  }
  if (behind == 0) return;
  const Tensor entropy = mean_entropy(verdict.logits[leader]);
  result.parts.emplace_back("entropy", entropy.detach());
  result.total = result.total - options_.entropy * (behind / others) * entropy;
}

void Pmr::log(StepContext& context, const Verdict& verdict) {
  for (size_t m = 0; m < verdict.beta.size(); ++m) {
    if (std::isnan(verdict.confidence[m])) continue;
    const std::string& name = context.model().infos()[m].name;
    double best_other = 0;
    for (size_t n = 0; n < verdict.beta.size(); ++n) {
      if (n != m && verdict.confidence[n] > best_other) best_other = verdict.confidence[n];
    }
    context.log()["score/" + name] = verdict.confidence[m];
    if (best_other > 0) context.log()["ratio/" + name] = verdict.confidence[m] / best_other;
    context.log()["beta/" + name] = verdict.beta[m];
    const Tensor right = verdict.logits[m].detach().argmax(1).eq(verdict.labels[m]);
    context.log()["prototype_acc/" + name] = right.to(at::kDouble).mean().item<double>();
  }
}

void Pmr::save(Archive& archive) const {
  archive.values["computed"] = computed_;
  for (size_t m = 0; m < prototypes_.size(); ++m) {
    archive.tensors.emplace_back(fmt::format("means.{}", m), prototypes_[m].means);
    archive.tensors.emplace_back(fmt::format("known.{}", m), prototypes_[m].known);
  }
}

void Pmr::load(const Archive& archive) {
  computed_ = archive.value("computed", int64_t{0});
  prototypes_.clear();
  for (size_t m = 0;; ++m) {
    const Tensor* means = archive.find(fmt::format("means.{}", m));
    const Tensor* known = archive.find(fmt::format("known.{}", m));
    if (means == nullptr || known == nullptr) return;
    prototypes_.push_back({means->to(device_), known->to(device_), known->all().item<bool>()});
  }
}

}  // namespace

MethodInfo pmr_method() {
  return {
      .name = PmrOptions::kMethod,
      .summary = "Pulls the features of whoever lags behind to the means of their classes.",
      .source = "PMR: Prototypical Modal Rebalance for Multimodal Learning, CVPR 2023",
      .make_options = make_options<PmrOptions>,
      .description =
          "The mean feature of each class is a prototype, and a modality is as far as its features are near the right "
          "ones. Modalities that lag behind get a loss of their own that classifies by distance to the prototypes; the "
          "leading one is left alone.",
      .formula =
          "q_m = softmax_c(-|z_m - C_m[c]|); conf_m = mean q_m[y]; b = max_m conf_m\n"
          "beta_m = 1 where conf_m < b (hard), or clip(b / conf_m - 1, 0, 1) (soft)\n"
          "L = CE(f, y) + alpha sum_m beta_m CE(-|z_m - C_m|, y)\n"
          "    - entropy * mean of the others' beta * H(q of the leader), first entropy-epochs epochs\n"
          "C_m <- (1 - momentum) class means of z_m + momentum C_m, before every epoch",
      .cost =
          "Per step B x C distances per modality; per epoch one evaluation pass of the encoders over a tenth of "
          "train (or over what is held out).",
      .step_factor = 1,
      .release =
          "The release has two modalities, the hard weights and no entropy term, and divides by zero where no "
          "sample of a class was drawn. Here the hard weights are the default and the rest of the paper an "
          "option; prototypes come from a part of each class, and a class without one is left out.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void PmrOptions::describe(OptionList& list) {
  list.add("alpha", &alpha, "Weight of the loss that pulls a lagging modality to its prototypes; 0 is no such loss.")
      .at_least(0)
      .search(0.5, 5);
  list.add("momentum", &momentum, "How much of the old prototypes is kept when they are made anew.")
      .at_least(0)
      .below(1)
      .search(0, 0.5);
  list.add("mode", &mode,
           "Weight of a lagging modality's loss: 1 (hard, as released) or by how much it lags, at most 1 (soft, as in "
           "the paper).");
  list.add("entropy", &entropy,
           "How strongly the leading modality is kept unsure of itself in the first epochs, as in the paper; 0 (as "
           "released): not at all.")
      .at_least(0);
  list.add("entropy-epochs", &entropy_epochs, "Epochs in which it is.").at_least(0);
  list.add("start-epoch", &start_epoch, "First epoch with prototypes, from 0.").at_least(0);
  list.add("end-epoch", &end_epoch, "Last epoch with prototypes; none: the last one.").at_least(0);
  list.add("prototypes", &prototypes,
           "Where prototypes come from: a part of train, or all of what is held out (for small data sets).");
  list.add("fraction", &fraction, "Part of each class of train that prototypes are made from, drawn anew every epoch.")
      .above(0)
      .at_most(1);
}

std::unique_ptr<Method> PmrOptions::make() const {
  if (end_epoch && start_epoch > *end_epoch) {
    throw Error(ErrorKind::usage, fmt::format("`pmr.start-epoch` {} is after `pmr.end-epoch` {}; let it be at most "
                                              "that, or use `method` joint",
                                              start_epoch, *end_epoch));
  }
  return std::make_unique<methods::Pmr>(*this);
}

}  // namespace pdmp
