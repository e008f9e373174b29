// CGGM (NeurIPS 2024): a classifier on each modality's detached feature tells how much that modality improved since the
// last step. Whoever improved least gets the largest gradient,
//   delta_m = accuracy_m(t) - accuracy_m(t - 1) on the batch, D = sum delta, b_m = (D - delta_m) / D,
//   encoder gradients times rho b_m, then the norm over the model clipped (with adaptive optimizers);
// and in the next step the fused output layer is pulled into the direction of the classifiers':
//   L = L_task + lambda / M sum_m (|b_m| - b_m cos(u_fused,m, u_m)).
// u are the weights of the output layers, as released, or the gradients with respect to these, as the paper has it.
//
// D is a difference of batch accuracies, often about 0 or negative: b is then anything. It is 1 where |D| is tiny, and
// clamped to [0, 2]: a negative one would climb the loss.
#include "pdmp/methods/cggm.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <torch/nn/modules/linear.h>

#include "methods/methods.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/one_modality.h"
#include "pdmp/error.h"

namespace pdmp::methods {
namespace {

constexpr double kNoImprovement = 1e-6;
constexpr double kReleasedClip = 0.8;

// What classifier m said about the rows that have the modality. Undefined where none has.
struct Answer {
  Tensor input;   // (rows, d_m) of its output layer
  Tensor logits;  // (rows, C)
  Tensor labels;  // (rows)
};

// A_m: linear, or linear, ReLU, linear; the output layer has the shape of modality m's block of a linear head.
class Classifiers : public torch::nn::Module {
 public:
  Classifiers(Model& model, int64_t layers) {
    for (int64_t m = 0; m < model.modalities(); ++m) {
      const int64_t width = model.encoder(m).width();
      const std::string& name = model.infos()[static_cast<size_t>(m)].name;
      if (layers == 2) hidden_.push_back(register_module(name + "_hidden", torch::nn::Linear(width, width)));
      output_.push_back(register_module(name + "_output", torch::nn::Linear(width, model.classes())));
    }
    const Tensor& like = model.ownership().back().value;
    to(like.device(), like.scalar_type());
  }

  Answer answer(const Tensor& feature, const Batch& batch, size_t m) {
    const Tensor rows = batch.present.select(1, static_cast<int64_t>(m)).nonzero().flatten();
    if (rows.size(0) == 0) return {};
    Tensor input = feature.detach().index_select(0, rows).to(weight(m).scalar_type());
    if (!hidden_.empty()) input = torch::relu(hidden_[m]->forward(input));
    return {input, output_[m]->forward(input), batch.labels.index_select(0, rows)};
  }
  Tensor weight(size_t m) const { return output_[m]->weight; }

 private:
  std::vector<torch::nn::Linear> hidden_, output_;
};

// Gradient of the mean cross-entropy with respect to the weight of a linear output layer: (P - Y)^T input / rows.
Tensor output_gradient(const Tensor& logits, const Tensor& input, const Tensor& labels) {
  const Tensor error = logits.softmax(1) - torch::one_hot(labels, logits.size(1)).to(logits.scalar_type());
  return error.t().matmul(input.to(error.scalar_type())) / static_cast<double>(labels.size(0));
}

// Output layer of the fusion to compare with classifier m's: its block of a linear head, else a shared matrix of that
// shape (the last one); undefined where there is none.
std::vector<Tensor> fused_weights(Model& model) {
  std::vector<Tensor> weights = linear_blocks(model);
  if (!weights.empty()) return weights;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    const std::vector<int64_t> shape = {model.classes(), model.encoder(m).width()};
    Tensor found;
    for (const OwnedParameter& parameter : model.ownership()) {
      const bool shared_head = !parameter.owner && !parameter.in_encoder && parameter.name.starts_with("fusion.");
      if (shared_head && parameter.value.sizes() == at::IntArrayRef(shape)) found = parameter.value;
    }
    weights.push_back(found);
  }
  return weights;
}

class Cggm : public Method {
 public:
  explicit Cggm(const CggmOptions& options) : options_(options) {}

  bool clips_after_modulation() const override { return true; }
  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  void modulate(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  double chosen_clip(const OptimizerOptions& optimizer) const;
  bool has_direction() const { return options_.direction != CggmDirection::off && options_.lambda != 0; }
  void answer(StepContext& context, const Outputs& outputs, Loss& result);
  Tensor cosine(StepContext& context, const Outputs& outputs, size_t m) const;
  Tensor direction_loss(StepContext& context, const Outputs& outputs) const;
  std::vector<double> improvements();
  std::vector<double> shares_of(const std::vector<double>& improvements) const;

  CggmOptions options_;
  std::shared_ptr<Classifiers> classifiers_;  // null: this run is `joint`
  std::vector<Tensor> fused_weights_;
  double clip_ = 0;               // 0: off
  std::vector<double> accuracy_;  // of the last step, smoothed where asked for
  std::vector<double> shares_;    // b of the last step; empty before the first
  std::vector<Answer> answers_;   // of this step
  Tensor classifier_loss_;
  std::vector<std::string> notes_;
};

std::shared_ptr<torch::nn::Module> Cggm::extend(Model& model) {
  notes_.clear();
  classifiers_.reset();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "cggm"));
    return nullptr;
  }
  if (!options_.magnitude && !has_direction()) {
    notes_.emplace_back("neither magnitude nor direction is modulated: cggm is joint training");
    return nullptr;
  }
  classifiers_ = std::make_shared<Classifiers>(model, options_.layers);
  return classifiers_;
}

void Cggm::prepare(PrepareContext& context, const OptimizerOptions& optimizer) {
  accuracy_.clear();
  shares_.clear();
  if (!classifiers_) return;
  Model& model = context.model();
  accuracy_.assign(static_cast<size_t>(model.modalities()), 0);
  clip_ = chosen_clip(optimizer);
  if (!has_direction()) return;
  if (options_.direction == CggmDirection::grad_cos && linear_blocks(model).empty()) {
    throw Error(ErrorKind::usage,
                "`cggm.direction` grad_cos needs a linear head with a block per modality (`fusion` concat or sum); use "
                "weight_cos or off");
  }
  fused_weights_ = fused_weights(model);
  std::vector<std::string> left_out;
  for (size_t m = 0; m < fused_weights_.size(); ++m) {
    if (!fused_weights_[m].defined()) left_out.push_back(model.infos()[m].name);
  }
  if (left_out.empty()) return;
  notes_.push_back(fmt::format("the fusion has no output layer of the width of {}: cggm's direction term leaves {} out",
                               fmt::join(left_out, ", "), left_out.size() == 1 ? "it" : "them"));
}

double Cggm::chosen_clip(const OptimizerOptions& optimizer) const {
  if (optimizer.clip_norm > 0) return 0;
  return options_.clip.value_or(optimizer.adaptive() || !options_.clamp ? kReleasedClip : 0);
}

std::vector<ParameterGroup> Cggm::parameter_groups(Model& model, const OptimizerOptions& optimizer) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (!classifiers_) return groups;
  const double scale = optimizer.lr > 0 ? options_.classifier_lr / optimizer.lr : 0;
  groups.push_back({"classifiers", std::nullopt, classifiers_->parameters(), scale, 1});
  return groups;
}

Loss Cggm::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (!classifiers_) return result;
  result.parts.emplace_back("task", result.total.detach());
  answer(context, outputs, result);
  if (!has_direction() || shares_.empty()) return result;
  const Tensor direction = direction_loss(context, outputs);
  result.parts.emplace_back("direction", direction.detach());
  result.total = result.total + options_.lambda * direction;
  return result;
}

void Cggm::answer(StepContext& context, const Outputs& outputs, Loss& result) {
  answers_.clear();
  classifier_loss_ = Tensor();
  for (size_t m = 0; m < accuracy_.size(); ++m) {
    answers_.push_back(classifiers_->answer(outputs.features[m].pooled, context.batch(), m));
    const Answer& said = answers_.back();
    if (!said.logits.defined()) continue;
    const Tensor own = context.criterion()(said.logits, said.labels);
    result.parts.emplace_back("classifier_" + context.model().infos()[m].name, own.detach());
    classifier_loss_ = classifier_loss_.defined() ? classifier_loss_ + own : own;
  }
}

// cos(u_fused,m, u_m), differentiable in the fused side only; undefined where one of them is missing.
Tensor Cggm::cosine(StepContext& context, const Outputs& outputs, size_t m) const {
  if (!fused_weights_[m].defined()) return {};
  Tensor fused = fused_weights_[m], own = classifiers_->weight(m);
  if (options_.direction == CggmDirection::grad_cos) {
    const Answer& said = answers_[m];
    if (!said.logits.defined()) return {};
    fused = output_gradient(outputs.fused, outputs.features[m].pooled, context.batch().labels);
    own = output_gradient(said.logits, said.input, said.labels);
  }
  return torch::cosine_similarity(fused.flatten(), own.detach().flatten(), 0);
}

Tensor Cggm::direction_loss(StepContext& context, const Outputs& outputs) const {
  Tensor total = torch::zeros({}, outputs.fused.options().requires_grad(false));
  for (size_t m = 0; m < shares_.size(); ++m) {
    const Tensor similarity = cosine(context, outputs, m);
    if (!similarity.defined()) continue;
    total = total + (std::abs(shares_[m]) - shares_[m] * similarity);
    if (context.logging()) context.log()["cos/" + context.model().infos()[m].name] = similarity.item<double>();
  }
  return total / static_cast<double>(shares_.size());
}

// delta; moves the accuracies on. A modality that nobody in the batch has did not change.
std::vector<double> Cggm::improvements() {
  std::vector<double> changes;
  for (size_t m = 0; m < accuracy_.size(); ++m) {
    const double last = accuracy_[m];
    if (answers_[m].logits.defined()) {
      const Tensor right = answers_[m].logits.argmax(1).eq(answers_[m].labels);
      const double now = right.to(torch::kFloat64).mean().item<double>();
      accuracy_[m] = options_.smoothing * last + (1 - options_.smoothing) * now;
    }
    changes.push_back(accuracy_[m] - last);
  }
  return changes;
}

std::vector<double> Cggm::shares_of(const std::vector<double>& improvements) const {
  double all = 0;
  for (const double improvement : improvements) all += improvement;
  std::vector<double> shares(improvements.size(), 1);
  if (std::abs(all) < kNoImprovement) return shares;
  for (size_t m = 0; m < shares.size(); ++m) {
    shares[m] = (all - improvements[m]) / all;
    if (options_.clamp) shares[m] = std::clamp(shares[m], 0.0, 2.0);
  }
  return shares;
}

void Cggm::modulate(StepContext& context, const Outputs&) {
  if (!classifiers_) return;
  const std::vector<double> changes = improvements();
  shares_ = shares_of(changes);
  for (size_t m = 0; m < shares_.size(); ++m) {
    const double c = options_.magnitude ? options_.rho * shares_[m] : 1;
    if (c != 1) context.scale_gradients(static_cast<int64_t>(m), c, Scope::encoder_all);
    if (!context.logging()) continue;
    const std::string& name = context.model().infos()[m].name;
    context.log()["coef/" + name] = c;
    context.log()["score/" + name] = accuracy_[m];
    context.log()["delta/" + name] = changes[m];
    context.log()["ratio/" + name] = shares_[m];
  }
  if (clip_ > 0) clip_gradients(context.model().parameters(), clip_);
  // Last: neither modulation nor the clipping above has seen the classifiers' gradients.
  if (classifier_loss_.defined()) context.backward(classifier_loss_);
  classifier_loss_ = Tensor();
  answers_.clear();
}

void Cggm::save(Archive& archive) const {
  archive.values["accuracy"] = accuracy_;
  archive.values["shares"] = shares_;
}

void Cggm::load(const Archive& archive) {
  const auto accuracy = archive.value("accuracy", std::vector<double>());
  if (accuracy.size() != accuracy_.size()) {
    throw Error(ErrorKind::data,
                fmt::format("the checkpoint has accuracies of {} classifiers, this run has {}; resume with the same "
                            "modalities and `cggm` options",
                            accuracy.size(), accuracy_.size()));
  }
  accuracy_ = accuracy;
  shares_ = archive.value("shares", std::vector<double>());
}

}  // namespace

MethodInfo cggm_method() {
  return {
      .name = CggmOptions::kMethod,
      .summary =
          "Largest gradient for the encoder whose own classifier improved least; pulls the head towards all of "
          "them.",
      .source = "Classifier-guided gradient modulation, NeurIPS 2024",
      .make_options = make_options<CggmOptions>,
      .description =
          "A small classifier on each modality's detached feature tells how much that modality improved since the "
          "last step; whoever improved least gets the largest gradient. In the next step a second loss pulls the "
          "fused output layer into the direction of the classifiers'.",
      .formula =
          "delta_m = change of classifier m's accuracy on the batch since the last step,  D = sum_m delta_m\n"
          "b_m = (D - delta_m) / D kept in [0, 2], 1 where |D| < 1e-6\n"
          "gradients of encoder m times rho b_m, then, if asked for, the norm over the model clipped (`clip`)\n"
          "L = CE(f) + lambda / M sum_m (|b_m| - b_m cos(W_m, V_m))\n"
          "b of the step before; W_m the fused output layer of m, V_m that of its classifier, as a constant",
      .cost = "Forward and backward through M small classifiers on detached features. Nothing per epoch.",
      .step_factor = 1,
      .release =
          "It compares weights where the paper has gradients (`direction`: weight_cos, its results, or grad_cos), "
          "and its b may be -100 or 100, where a negative one climbs the loss (`clamp`). The direction term of a step "
          "is made of the weights of the step before there, of this step's here: they differ by one update. Its "
          "segmentation script modulates nothing: the names of the parameters do not match. "
          "It clips to a norm of .8 under Adam, whose steps that hardly shortens; under SGD it cuts gradients "
          "of norm 45 in every step. On ten generated classes of pictures and sounds "
          "(tests/experiments/cggm_clip.py: ResNet-18 of width 16, SGD with learning rate .01, 10 epochs, two "
          "seeds) cggm with that clip ends at .11, joint with it at .11 and without at .80; so `clip` is off "
          "under SGD, where cggm reaches .66. What is left is the noise of b: .79 with magnitude false.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void CggmOptions::describe(OptionList& list) {
  list.add("rho", &rho, "Factor on the share of improvement that the others made.").above(0).search(1, 1.3);
  list.add("lambda", &lambda, "Weight of the direction term.").at_least(0).search(.05, .2);
  list.add("direction", &direction,
           "What the direction term compares: weights of the output layers (as released), their gradients (as the "
           "paper; linear heads only), or nothing.");
  list.add("magnitude", &magnitude, "Scale the gradients of the encoders; without, and direction off: joint training.");
  list.add("clamp", &clamp, "Keep shares in [0, 2]; without (as released) they may be large or negative.");
  list.add("smoothing", &smoothing, "Moving average of the classifiers' accuracies, 0.9 say; 0: batch by batch.")
      .at_least(0)
      .below(1);
  list.add("clip", &clip,
           "Largest gradient norm of the model after modulation; 0 = off. none: 0.8, as released, with adaptive "
           "optimizers, whose steps it hardly shortens, and without clamp; else off. --clip-norm replaces it.")
      .at_least(0);
  list.add("layers", &layers, "Layers of a classifier.").at_least(1).at_most(2);
  list.add("classifier-lr", &classifier_lr, "Learning rate of the classifiers.").above(0);
}

std::unique_ptr<Method> CggmOptions::make() const { return std::make_unique<methods::Cggm>(*this); }

}  // namespace pdmp
