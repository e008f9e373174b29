// Gradient-Blending (CVPR 2020). Every modality has a linear head with a loss of its own, and so has the fusion:
// L = w_fused CE(f) + sum_m w_m CE(u_m). The weights come from trials: each head k and what it needs (an encoder, or
// the whole model) is copied from where training stands and trained alone for n epochs; with its losses on train (T)
// and held-out data (V) before (0) and after (1),
//   G_k = V0 - V1,  dO_k = (V1 - T1) - (V0 - T0),  u_k = max(G_k, floor) / max(dO_k^2, floor),  w_k = sum u_k / sum_j
//   u_j.
#include "methods/g_blending.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>

#include "data/loader/modality_names.h"
#include "methods/methods.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/unimodal_heads.h"
#include "models/layers/evaluation_mode.h"
#include "pdmp/error.h"
#include "pdmp/methods/g_blending.h"

namespace pdmp::methods {
namespace {

double total(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// With a cap of at least a half, no other head can be above it.
void cap_largest(std::vector<double>& weights, double sum, double cap) {
  const double limit = cap * sum;
  const auto largest = std::max_element(weights.begin(), weights.end());
  if (*largest <= limit) return;
  const double others = sum - *largest;
  const double left = sum - limit;
  const auto count = static_cast<double>(weights.size() - 1);
  for (auto weight = weights.begin(); weight != weights.end(); ++weight) {
    if (weight != largest) *weight = others > 0 ? *weight * left / others : left / count;
  }
  *largest = limit;
}

}  // namespace

Blend blend(const std::vector<HeadLosses>& heads, const BlendRule& rule) {
  Blend result;
  bool better = false;
  for (const HeadLosses& head : heads) {
    const double gain = head.held_out_before - head.held_out_after;
    const double overfitting = (head.held_out_after - head.train_after) - (head.held_out_before - head.train_before);
    const bool finite = std::isfinite(gain) && std::isfinite(overfitting);
    better = better || (finite && gain > 0);
    result.gain.push_back(gain);
    result.overfitting.push_back(overfitting);
    result.worth.push_back(
        finite ? std::max(gain, rule.gain_floor) / std::max(overfitting * overfitting, rule.overfitting_floor) : 0);
  }
  const double all = total(result.worth);
  for (const double worth : result.worth)
    result.weights.push_back(better ? rule.sum * worth / all : rule.sum / static_cast<double>(heads.size()));
  if (heads.size() > 1 && rule.cap < 1) cap_largest(result.weights, rule.sum, rule.cap);
  return result;
}

namespace {

class GBlending : public Method {
 public:
  explicit GBlending(const GBlendingOptions& options) : options_(options) {}

  bool needs_held_out() const override { return options_.mode != GBlendingMode::uniform; }
  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  void on_epoch_begin(EpochContext& context) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  bool estimates_at(int64_t epoch) const;
  Blend blended() const;
  void log(StepContext& context);

  GBlendingOptions options_;
  OptimizerOptions optimizer_;
  std::shared_ptr<UnimodalHeads> heads_;  // null: this run is `joint`
  double sum_ = 1;                        // of the weights
  std::vector<double> weights_;           // of the modalities and, last, of the fused loss
  std::vector<HeadLosses> losses_;        // of the last trials, in that order; empty before the first
  int64_t super_epochs_ = 0;              // so far
  bool untold_ = false;                   // no step has logged `losses_` yet
  std::vector<std::string> notes_;
};

// Logits are of a lower type where networks run under a lower precision.
Tensor wide(const Tensor& logits) { return logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat); }

// One head with all that feeds it, to be trained alone: a copy of encoder m and its head, or the whole model (m = M).
// `copy` is a model of the same form as `model`; its values are those of `model` from now on.
class Trial {
 public:
  Trial(Model& copy, const Model& model, const UnimodalHeads& heads, int64_t m);

  // Data as this head sees it: without the modalities it has no use for, which are then not even decoded.
  std::shared_ptr<const Dataset> view(const std::shared_ptr<const Dataset>& data) const;
  // Mean cross-entropy of a sample, as evaluation sees the network; NaN where nobody has the modality.
  double loss(EpochContext& context, const std::shared_ptr<const Dataset>& data);
  // The same epochs for every head of an estimate. One optimizer step per batch that has the modality.
  void train(EpochContext& context, const OptimizerOptions& options, int64_t epochs);

 private:
  bool is_fused() const { return head_.empty(); }
  Tensor logits(const Batch& batch);  // of a batch of `view`
  std::vector<Tensor> parameters() const;

  Model& model_;
  int64_t m_;
  std::vector<Tensor> head_;  // weight, bias; empty: the fused head
};

Trial::Trial(Model& copy, const Model& model, const UnimodalHeads& heads, int64_t m) : model_(copy), m_(m) {
  const torch::NoGradGuard no_gradients;
  const auto copy_all = [](const std::vector<Tensor>& from, const std::vector<Tensor>& to) {
    for (size_t i = 0; i < from.size(); ++i) to[i].copy_(from[i]);
  };
  copy_all(model.parameters(), copy.parameters());
  copy_all(model.buffers(), copy.buffers());
  if (m == model.modalities()) return;
  for (const Tensor& value : heads.parameters_of(m)) head_.push_back(value.detach().clone().requires_grad_());
}

std::shared_ptr<const Dataset> Trial::view(const std::shared_ptr<const Dataset>& data) const {
  return is_fused() ? data : select_modalities(data, {model_.infos()[static_cast<size_t>(m_)].name});
}

Tensor Trial::logits(const Batch& batch) {
  if (is_fused()) return wide(model_.forward(batch, /*with_unimodal=*/false).fused);
  const Tensor feature = model_.encode(m_, batch.inputs[0], batch.present.select(1, 0)).pooled;
  return wide(at::linear(feature.to(head_[0].scalar_type()), head_[0], head_[1]));
}

std::vector<Tensor> Trial::parameters() const {
  if (is_fused()) return model_.parameters();
  std::vector<Tensor> parameters = model_.encoder(m_).parameters();
  parameters.insert(parameters.end(), head_.begin(), head_.end());
  return parameters;
}

double Trial::loss(EpochContext& context, const std::shared_ptr<const Dataset>& data) {
  const torch::NoGradGuard no_gradients;
  const models::EvaluationMode evaluation(model_);
  double sum = 0, count = 0;
  context.for_each_batch(view(data), [&](const Batch& batch) {
    const Tensor losses = at::cross_entropy_loss(logits(batch), batch.labels, {}, at::Reduction::None);
    const Tensor counted = is_fused() ? at::ones_like(losses, at::kBool) : batch.present.select(1, 0);
    sum += losses.masked_select(counted).sum(at::kDouble).item<double>();
    count += counted.sum().item<double>();
    return true;
  });
  return sum / count;
}

// How fast the run itself learns in these epochs. A cosine has no value without the run's length: its rate is kept.
double rate_factor(const OptimizerOptions& options, int64_t epoch) {
  return options.schedule == "cosine" ? 1 : schedule_factor(options, epoch, epoch + 1);
}

void Trial::train(EpochContext& context, const OptimizerOptions& options, int64_t epochs) {
  model_.train();
  const std::vector<Tensor> trained = parameters();
  const std::unique_ptr<Optimizer> optimizer = context.make_optimizer({{"trial", std::nullopt, trained, 1, 1}});
  const std::shared_ptr<const Dataset> data = view(context.data().train);
  for (int64_t epoch = context.epoch(); epoch < context.epoch() + epochs; ++epoch) {
    context.for_each_training_batch(data, epoch, [&](const Batch& batch) {
      optimizer->zero_grad();
      const Tensor said = logits(batch);
      const Tensor loss = is_fused() ? context.criterion()(said, batch.labels)
                                     : loss_where_present(context.criterion(), said, batch, 0);
      if (!loss.defined()) return true;
      loss.backward();
      if (options.clip_norm > 0) clip_gradients(trained, options.clip_norm);
      optimizer->step(rate_factor(options, epoch));
      return true;
    });
  }
}

HeadLosses try_head(EpochContext& context, Trial& trial, const OptimizerOptions& options, int64_t epochs) {
  const std::shared_ptr<const Dataset>& train = context.data().train;
  const std::shared_ptr<const Dataset>& held_out = context.held_out().data;
  HeadLosses losses;
  losses.train_before = trial.loss(context, train);
  losses.held_out_before = trial.loss(context, held_out);
  trial.train(context, options, epochs);
  losses.train_after = trial.loss(context, train);
  losses.held_out_after = trial.loss(context, held_out);
  return losses;
}

std::shared_ptr<torch::nn::Module> GBlending::extend(Model& model) {
  notes_.clear();
  heads_.reset();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "g_blending"));
    return nullptr;
  }
  heads_ = std::make_shared<UnimodalHeads>(model);
  return heads_;
}

void GBlending::prepare(PrepareContext& context, const OptimizerOptions& optimizer) {
  optimizer_ = optimizer;
  losses_.clear();
  super_epochs_ = 0;
  untold_ = false;
  const auto count = static_cast<double>(context.model().modalities() + 1);
  sum_ = options_.sum.value_or(count);
  weights_.assign(static_cast<size_t>(count), sum_ / count);
}

std::vector<ParameterGroup> GBlending::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (heads_) groups.push_back(heads_->group());
  return groups;
}

bool GBlending::estimates_at(int64_t epoch) const {
  if (!heads_ || options_.mode == GBlendingMode::uniform) return false;
  return epoch == 0 || (options_.mode == GBlendingMode::online && epoch % options_.super_epoch == 0);
}

// One copy serves all trials, one after the other.
void GBlending::on_epoch_begin(EpochContext& context) {
  if (!estimates_at(context.epoch())) return;
  const Model& model = context.model();
  const std::shared_ptr<Model> copy = context.make_model();
  const Tensor& like = model.ownership().back().value;
  copy->to(like.device(), like.scalar_type());
  const int64_t epochs = options_.mode == GBlendingMode::offline ? context.epochs() : options_.super_epoch;
  losses_.clear();
  for (int64_t m = 0; m <= model.modalities(); ++m) {
    Trial trial(*copy, model, *heads_, m);
    losses_.push_back(try_head(context, trial, optimizer_, epochs));
  }
  weights_ = blended().weights;
  ++super_epochs_;
  untold_ = true;
}

Blend GBlending::blended() const {
  return blend(losses_, {sum_, options_.gain_floor, options_.overfitting_floor, options_.cap});
}

Loss GBlending::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (!heads_) return result;
  const std::vector<Tensor> own = log_own_losses(context, heads_->logits(outputs.features), result);
  result.total = weights_.back() * result.total;
  for (size_t m = 0; m < own.size(); ++m) {
    if (own[m].defined()) result.total = result.total + weights_[m] * own[m];
  }
  if (context.logging()) log(context);
  return result;
}

// Weights every time, what they come from once.
void GBlending::log(StepContext& context) {
  StepLog& log = context.log();
  std::vector<std::string> names = data::modality_names(context.model().infos());
  names.emplace_back("fused");
  for (size_t k = 0; k < names.size(); ++k) log["weight/" + names[k]] = weights_[k];
  if (!untold_) return;
  untold_ = false;
  const Blend found = blended();
  log["super_epoch"] = static_cast<double>(super_epochs_ - 1);
  for (size_t k = 0; k < names.size(); ++k) {
    if (found.worth[k] == 0) continue;  // not finite
    log["LT0/" + names[k]] = losses_[k].train_before;
    log["LV0/" + names[k]] = losses_[k].held_out_before;
    log["LT1/" + names[k]] = losses_[k].train_after;
    log["LV1/" + names[k]] = losses_[k].held_out_after;
    log["G/" + names[k]] = found.gain[k];
    log["dO/" + names[k]] = found.overfitting[k];
    log["u/" + names[k]] = found.worth[k];
  }
}

// Losses and weights as tensors, which come back bit by bit, NaN included.
void GBlending::save(Archive& archive) const {
  archive.values["super_epochs"] = super_epochs_;
  archive.values["untold"] = untold_;
  std::vector<double> losses;
  for (const HeadLosses& head : losses_) {
    losses.insert(losses.end(), {head.train_before, head.held_out_before, head.train_after, head.held_out_after});
  }
  archive.tensors.emplace_back("weights", at::tensor(weights_, at::kDouble));
  if (!losses.empty()) archive.tensors.emplace_back("losses", at::tensor(losses, at::kDouble));
}

std::vector<double> values_of(const Tensor& tensor) {
  std::vector<double> values;
  for (int64_t i = 0; i < tensor.numel(); ++i) values.push_back(tensor[i].item<double>());
  return values;
}

void GBlending::load(const Archive& archive) {
  const Tensor* weights = archive.find("weights");
  if (weights == nullptr || weights->numel() != static_cast<int64_t>(weights_.size())) {
    throw Error(
        ErrorKind::data,
        fmt::format("the checkpoint has no weights of {} losses; resume with the same modalities", weights_.size()));
  }
  weights_ = values_of(*weights);
  super_epochs_ = archive.value("super_epochs", int64_t{0});
  untold_ = archive.value("untold", false);
  losses_.clear();
  const Tensor* losses = archive.find("losses");
  if (losses == nullptr) return;
  const std::vector<double> values = values_of(*losses);
  for (size_t i = 0; i + 3 < values.size(); i += 4)
    losses_.push_back({values[i], values[i + 1], values[i + 2], values[i + 3]});
}

}  // namespace

MethodInfo g_blending_method() {
  return {
      .name = GBlendingOptions::kMethod,
      .summary = "A loss per modality and one for the fusion, weighted by what each teaches against what it overfits.",
      .source = "What Makes Training Multi-Modal Classification Networks Hard?, CVPR 2020",
      .make_options = make_options<GBlendingOptions>,
      .description =
          "Each modality has a linear head with a loss of its own beside the fused one. Before every super-epoch each "
          "head is trained alone on a private copy; losses that fell most on held-out data, and overfitted least, "
          "weigh most until the next one.",
      .formula =
          "L = w_fused CE(f, y) + sum_m w_m CE(u_m, y), u_m a linear head on z_m\n"
          "G_k = LV0 - LV1; dO_k = (LV1 - LT1) - (LV0 - LT0)\n"
          "u_k = max(G_k, gain-floor) / max(dO_k^2, overfitting-floor); w_k = w-sum u_k / sum_j u_j",
      .cost =
          "Per step a linear head per modality. Per super-epoch every encoder alone and the whole model once more "
          "for as many epochs, and four evaluation passes each: about three times a joint training in all, online "
          "and offline.",
      .step_factor = 1,
      .release =
          "There is no release of the paper's; a benchmark's version fills other inputs with zeros instead of "
          "giving modalities heads, measures the first losses an epoch late, compares sums over sets of "
          "different sizes, rewards heads that became worse, and judges by test data. None of that is done "
          "here.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void GBlendingOptions::describe(OptionList& list) {
  list.add("mode", &mode,
           "When weights are estimated: before every super-epoch (online), once before the first step (offline), or "
           "never, all being alike (uniform).");
  list.add("super-epoch", &super_epoch,
           "Epochs from one estimate to the next, and epochs of each trial (offline: those of the whole training).")
      .at_least(1)
      .search(5, 20);
  list.add("w-sum", &sum,
           "Sum of the weights; none: number of losses, so that encoders learn as fast as from losses that are just "
           "added up. The paper's is 1.")
      .above(0);
  list.add("gain-floor", &gain_floor, "Least gain of a head whose held-out loss did not fall.").above(0);
  list.add("overfitting-floor", &overfitting_floor, "Least square of a head's overfitting.").above(0);
  list.add("cap", &cap, "Largest part of the sum that one loss gets; the others share the rest. 1: no limit.")
      .at_least(0.5)
      .at_most(1);
}

std::unique_ptr<Method> GBlendingOptions::make() const { return std::make_unique<methods::GBlending>(*this); }

}  // namespace pdmp
