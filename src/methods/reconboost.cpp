// ReconBoost (ICML 2024): modalities are learners F_m = H(enc_m(x_m)) of an ensemble F = rho sum_m F_m. Epochs
// alternate between one learner by itself, on what the others get wrong,
//   (1/C) (w1 - w2 q_y) CE(F_m), q = softmax of the others' ensemble, a constant,
// and all learners so far together, CE(F). Each phase begins with a fresh optimizer; class weights and label smoothing
// belong to the second one.
#include "methods/reconboost.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include "methods/methods.h"
#include "methods/parts/common_width.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/one_modality.h"
#include "models/layers/evaluation_mode.h"
#include "pdmp/error.h"
#include "pdmp/methods/reconboost.h"

namespace pdmp::methods {
BoostingPhase boosting_phase(int64_t epoch, int64_t modalities, int64_t t1, int64_t t2) {
  BoostingPhase phase;
  phase.stage = epoch / (t1 + t2);
  phase.learner = phase.stage % modalities;
  phase.learners = std::min(phase.stage + 1, modalities);
  phase.together = epoch % (t1 + t2) >= t1;
  return phase;
}

Tensor residual_loss(const Tensor& logits, const Tensor& labels, const Tensor& others, double w1, double w2) {
  const Tensor own = -logits.log_softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1);
  return ((w1 - w2 * others) * own).mean() / static_cast<double>(logits.size(1));
}

namespace {

constexpr int64_t kHidden = 256;  // width of the common space

// Heads, rho, and how many modalities, in order, are in the ensemble: evaluation must know that from the weights.
class Learners : public torch::nn::Module {
 public:
  Learners(Model& model, bool common_space) {
    if (common_space) {
      width_ = register_module("adapters", std::make_shared<CommonWidth>(model));
      const torch::nn::Linear in(width_->width(), kHidden), out(kHidden, model.classes());
      common_ = register_module("common", torch::nn::Sequential(in, torch::nn::ReLU(), out));
    } else {
      const auto heads = register_module("heads", std::make_shared<torch::nn::Module>());
      for (int64_t m = 0; m < model.modalities(); ++m) {
        const torch::nn::Linear head(model.encoder(m).width(), model.classes());
        own_.push_back(heads->register_module(model.infos()[static_cast<size_t>(m)].name, head));
      }
    }
    rho_ = register_parameter("rho", torch::ones({1}));
    const Tensor& like = model.ownership().back().value;
    to(like.device(), like.scalar_type());
    count_ = register_buffer("count", torch::ones({}, torch::dtype(torch::kInt64).device(like.device())));
  }

  // (B, d_m) -> (B, C), of the type of the heads
  Tensor logits(int64_t m, const Tensor& pooled) {
    const Tensor x = pooled.to(rho_.scalar_type());  // of another type where encoders run under a lower precision
    const Tensor result = own_.empty() ? common_->forward(width_->forward(m, x).to(rho_.scalar_type()))
                                       : own_[static_cast<size_t>(m)]->forward(x);
    return result.to(rho_.scalar_type());
  }
  const Tensor& rho() const { return rho_; }
  int64_t count() const { return count_.item<int64_t>(); }
  void set_count(int64_t count) { count_.fill_(count); }

 private:
  std::shared_ptr<CommonWidth> width_;
  torch::nn::Sequential common_;
  std::vector<torch::nn::Linear> own_;  // M heads in place of the two above, or none
  Tensor rho_;                          // (1)
  Tensor count_;                        // scalar
};

class ReconBoost : public Method {
 public:
  explicit ReconBoost(const ReconBoostOptions& options) : options_(options) {}

  bool trains(const OwnedParameter& parameter) const override {
    return !learners_ || parameter.name.starts_with("encoders.");
  }
  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss step(StepContext& context) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override { archive.values["phase"] = begun_; }
  void load(const Archive& archive) override { begun_ = archive.value("phase", int64_t{-1}); }

 private:
  void begin_step(StepContext& context);
  Tensor logits(Model& model, const Batch& batch, int64_t m);
  Tensor ensemble(const std::vector<Tensor>& logits, int64_t without) const;
  Tensor others_on_truth(const Batch& batch, const std::vector<Tensor>& logits) const;
  Loss learner_loss(StepContext& context, const std::vector<Tensor>& logits) const;
  Tensor agreement(const Batch& batch, const std::vector<Tensor>& logits) const;

  ReconBoostOptions options_;
  std::shared_ptr<Learners> learners_;  // null: this run is `joint`
  BoostingPhase phase_;                 // of the step at work
  int64_t begun_ = -1;                  // index of the phase whose first step was done
  std::vector<std::string> notes_;
};

std::shared_ptr<torch::nn::Module> ReconBoost::extend(Model& model) {
  notes_.clear();
  learners_.reset();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "reconboost"));
    return nullptr;
  }
  expect_replaceable_fusion(model, "reconboost");
  learners_ = std::make_shared<Learners>(model, options_.common_space);
  return learners_;
}

std::vector<ParameterGroup> ReconBoost::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (learners_) groups.push_back({"learners", std::nullopt, learners_->parameters(), 1, 1});
  return groups;
}

Tensor ReconBoost::logits(Model& model, const Batch& batch, int64_t m) {
  const Feature feature = model.encode(m, batch.inputs.at(static_cast<size_t>(m)), batch.present.select(1, m));
  return where_present(learners_->logits(m, feature.pooled), batch.present, m);
}

// rho times the sum of the logits that are there, one left out (-1: none); undefined where nothing is left.
Tensor ReconBoost::ensemble(const std::vector<Tensor>& logits, int64_t without) const {
  Tensor sum;
  for (size_t m = 0; m < logits.size(); ++m) {
    if (!logits[m].defined() || static_cast<int64_t>(m) == without) continue;
    sum = sum.defined() ? sum + logits[m] : logits[m];
  }
  return sum.defined() ? learners_->rho() * sum : Tensor();
}

// In training, logits of learners that are not in the ensemble yet are undefined; in phase 1 only those of the learner
// at work have a graph.
Outputs ReconBoost::forward(Model& model, const Batch& batch, Mode mode) {
  if (!learners_) return Method::forward(model, batch, mode);
  Outputs outputs;
  outputs.unimodal.resize(static_cast<size_t>(model.modalities()));
  if (mode == Mode::evaluate) {
    for (int64_t m = 0; m < model.modalities(); ++m) outputs.unimodal[static_cast<size_t>(m)] = logits(model, batch, m);
    const auto end = outputs.unimodal.begin() + learners_->count();
    outputs.fused = ensemble({outputs.unimodal.begin(), end}, -1);
    return outputs;
  }
  for (int64_t m = 0; m < phase_.learners; ++m) {
    const bool trained = phase_.together || m == phase_.learner;
    const torch::AutoGradMode gradients(trained && torch::GradMode::is_enabled());
    std::optional<models::EvaluationMode> frozen;
    if (!trained && options_.freeze_bn_of_others) frozen.emplace(model.encoder(m));
    outputs.unimodal[static_cast<size_t>(m)] = logits(model, batch, m);
  }
  const torch::AutoGradMode gradients(phase_.together && torch::GradMode::is_enabled());
  outputs.fused = ensemble(outputs.unimodal, -1);
  return outputs;
}

void ReconBoost::begin_step(StepContext& context) {
  phase_ = boosting_phase(context.epoch(), context.model().modalities(), options_.t1, options_.t2);
  if (phase_.index() == begun_) return;
  begun_ = phase_.index();
  context.optimizer().forget();
  learners_->set_count(phase_.learners);
}

Loss ReconBoost::step(StepContext& context) {
  if (!learners_) return Method::step(context);
  begin_step(context);
  const Outputs outputs = context.forward();
  Loss result = phase_.together ? Method::loss(context, outputs) : learner_loss(context, outputs.unimodal);
  if (phase_.together) result.parts.emplace_back("fused", result.total.detach());
  if (result.total.requires_grad()) context.backward(result.total);  // else nobody in the batch has the modality
  if (context.logging()) {
    context.log()["rho"] = learners_->rho().item<double>();
    for (size_t m = 0; m < outputs.unimodal.size(); ++m) {
      if (outputs.unimodal[m].defined()) log_own_branch(context, static_cast<int64_t>(m), outputs.unimodal[m].detach());
    }
  }
  Outputs without_features;
  without_features.fused = outputs.fused;
  context.update(without_features);
  result.total = result.total.detach();
  return result;
}

// q of the true class (B); 1 in rows that no other learner sees, as where there is none.
Tensor ReconBoost::others_on_truth(const Batch& batch, const std::vector<Tensor>& logits) const {
  const torch::NoGradGuard no_gradients;
  const Tensor others = ensemble(logits, phase_.learner);
  if (!others.defined()) return torch::ones({batch.size()}, learners_->rho().options());
  Tensor seen = torch::zeros_like(batch.labels, torch::kBool);
  for (int64_t m = 0; m < phase_.learners; ++m) {
    if (m != phase_.learner) seen = seen | batch.present.select(1, m);
  }
  const Tensor q = others.softmax(1).gather(1, batch.labels.unsqueeze(1)).squeeze(1);
  return torch::where(seen, q, torch::ones_like(q));
}

Loss ReconBoost::learner_loss(StepContext& context, const std::vector<Tensor>& logits) const {
  const Batch& batch = context.batch();
  const Tensor rows = batch.present.select(1, phase_.learner).nonzero().flatten();
  Loss result;
  result.total = torch::zeros({}, learners_->rho().options());
  if (rows.size(0) == 0) return result;
  const std::string& name = context.model().infos()[static_cast<size_t>(phase_.learner)].name;
  const Tensor own = logits[static_cast<size_t>(phase_.learner)].index_select(0, rows);
  const Tensor labels = batch.labels.index_select(0, rows);
  const Tensor others = others_on_truth(batch, logits).index_select(0, rows);
  result.total = residual_loss(own, labels, others, options_.w1, options_.w2);
  result.parts.emplace_back("residual_" + name, result.total.detach());
  if (context.logging()) context.log()["score/" + name] = others.mean().item<double>();
  const Tensor distance = agreement(batch, logits);
  if (!distance.defined()) return result;
  result.parts.emplace_back("agreement", distance.detach());
  result.total = result.total + options_.alpha * distance;
  return result;
}

// Mean squared distance of the learner's probabilities from those of the learner before it, which are constants;
// undefined where it is not asked for or nobody has both modalities.
Tensor ReconBoost::agreement(const Batch& batch, const std::vector<Tensor>& logits) const {
  if (options_.ga == ReconBoostGa::off || phase_.stage == 0) return {};
  const auto modalities = static_cast<int64_t>(logits.size());
  const int64_t previous = (phase_.stage - 1) % modalities;
  const Tensor both = batch.present.select(1, phase_.learner) & batch.present.select(1, previous);
  const Tensor rows = both.nonzero().flatten();
  if (rows.size(0) == 0) return {};
  const auto probabilities = [&](int64_t m) { return logits[static_cast<size_t>(m)].index_select(0, rows).softmax(1); };
  return (probabilities(phase_.learner) - probabilities(previous).detach()).square().mean();
}

}  // namespace

MethodInfo reconboost_method() {
  return {
      .name = ReconBoostOptions::kMethod,
      .summary = "Boosts: one modality at a time learns what the others get wrong, then all together.",
      .source = "ReconBoost: Boosting Can Achieve Modality Reconcilement, ICML 2024",
      .make_options = make_options<ReconBoostOptions>,
      .description =
          "Modalities are learners of an ensemble that sums their logits: for t1 epochs one of them is trained by "
          "itself, less on what the others know already, then for t2 epochs all together, and so on in a circle. "
          "An epoch is one pass over train in either phase, in the first for one modality only, so that it shows each "
          "sample as often as joint training does; 100 epochs are 50 stages of t1 = t2 = 1.",
      .formula =
          "F_m = H(z_m), H = Linear(d, 256), ReLU, Linear(256, C) of all modalities; F = rho sum of F_m so far\n"
          "phase 1, learner m: mean_b (1/C) (w1 - w2 q_y) CE(F_m), q = softmax(rho sum of the other F_j), a constant, "
          "q_y = 1 without any\n"
          "    with ga: + alpha mean_{b,c} (softmax(F_m) - softmax(F_previous))^2\n"
          "phase 2: CE(F), of all encoders so far, H and rho",
      .cost =
          "Less than joint training: in phase 1 one encoder has a backward pass, in the first stages the others are "
          "not "
          "even run. No history of learners is kept. Nothing per epoch.",
      .step_factor = 5.0 / 6,  // t1 = t2: the mean of F + B / 2 and F + B
      .release =
          "Its memory consolidation has no gradient, both arguments are constants (--reconboost.ga on gives it one); "
          "its "
          "loss is a mean over classes, which only makes it C times smaller, and keeps of the paper's divergence from "
          "the others the true class alone: so here too, as the whole is unbounded below. Its other learners' "
          "BatchNorm "
          "statistics move in phase 1 (--reconboost.freeze-bn-of-others stops that), and its test loader drops the "
          "last "
          "batch; here every test sample is scored. It may start from encoders trained alone; here none does.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void ReconBoostOptions::describe(OptionList& list) {
  // The documented ranges are 1 to 10 and 0 to 2, with w1 > w2: these leave out what a search could not use.
  list.add("w1", &w1, "Weight of a learner's own loss.").above(0).search(2.5, 10);
  list.add("w2", &w2, "How much less what the other learners know already weighs; below w1.")
      .at_least(0)
      .search(0.25, 2);
  list.add("t1", &t1, "Epochs of a stage in which one learner is trained.").at_least(1).search(1, 4);
  list.add("t2", &t2, "Epochs of a stage in which all learners so far are trained together.").at_least(1).search(1, 4);
  list.add("ga", &ga,
           "Keep a learner's predictions near those of the learner before it: alpha times their mean squared distance. "
           "The release computes it without a gradient, which is off.");
  list.add("alpha", &alpha, "Weight of that distance, with ga on.").at_least(0);
  list.add("common-space", &common_space,
           "One head for all modalities, of two layers and 256 units between them; false: a linear head each.");
  list.add("freeze-bn-of-others", &freeze_bn_of_others,
           "While one learner is trained, leave the BatchNorm statistics of the others alone; the release moves them.");
}

std::unique_ptr<Method> ReconBoostOptions::make() const {
  if (w1 <= w2) {
    throw Error(ErrorKind::usage, fmt::format("`reconboost.w1`: expected a weight above `reconboost.w2` ({}), or wrong "
                                              "predictions would be rewarded, found {}",
                                              w2, w1));
  }
  return std::make_unique<methods::ReconBoost>(*this);
}

}  // namespace pdmp
