// OGM and OGM-GE (Balanced Multimodal Learning via On-the-fly Gradient Modulation, section 3): the encoder of the
// modality that is surer of the true class gets 1 - tanh(alpha ratio) of its gradient in this step. GE then adds
// Gaussian noise to the gradients of every encoder, as wide as each tensor's gradient was before.
//
// The paper modulates encoders; its release the convolutions of them only, which is what is done here too where there
// are any. The release finds them by their four dimensions; here a convolution over a series or a volume is one too.
// The release slows the first modality down where two are equally sure; here, as in the paper, neither.
#include "methods/ogm.h"

#include <ATen/CPUGeneratorImpl.h>
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>

#include "methods/methods.h"
#include "methods/parts/coefficients.h"
#include "methods/parts/confidence.h"
#include "methods/parts/one_modality.h"
#include "pdmp/error.h"

namespace pdmp::methods {
namespace {

constexpr double kEpsilon = 1e-8;

// Options of either method.
struct Settings {
  const char* name;
  double alpha, noise;
  int64_t start_epoch, end_epoch;
  std::optional<Scope> scope;
  OgmMulti multi;
};

class Ogm : public Method {
 public:
  explicit Ogm(const Settings& options) : options_(options) {}

  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss step(StepContext& context) override;
  void modulate(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }

 private:
  Scope choose_scope(const Model& model, int64_t m) const;
  void modulate_modality(StepContext& context, int64_t m, double coefficient);

  Settings options_;
  std::vector<Scope> scopes_;  // per modality; empty: this run is `joint`
  bool in_window_ = false;     // of the step at work
  std::vector<std::string> notes_;
};

// Standard deviation (n - 1) of each gradient; undefined where there is no gradient, or one element.
std::vector<Tensor> deviations(const std::vector<Tensor>& parameters) {
  const torch::NoGradGuard no_grad;
  std::vector<Tensor> result;
  for (const Tensor& parameter : parameters) {
    const Tensor& gradient = parameter.grad();
    result.push_back(gradient.defined() && gradient.numel() > 1 ? gradient.std() + kEpsilon : Tensor());
  }
  return result;
}

// Drawn in memory without gaps, where LibTorch fills fastest, whatever the layout of the gradient.
void add_noise(const std::vector<Tensor>& parameters, const std::vector<Tensor>& deviations, double scale,
               at::Generator& generator) {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!deviations[i].defined()) continue;
    const Tensor& gradient = parameters[i].grad();
    const Tensor noise =
        torch::empty(gradient.sizes(), torch::dtype(gradient.scalar_type())).normal_(0, scale, generator);
    parameters[i].mutable_grad().add_(noise.to(gradient.device()) * deviations[i]);
  }
}

double mean_of(const std::vector<Tensor>& values) {
  double sum = 0, count = 0;
  for (const Tensor& value : values) {
    if (!value.defined()) continue;
    sum += value.item<double>();
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

void Ogm::prepare(PrepareContext& context, const OptimizerOptions&) {
  Model& model = context.model();
  notes_.clear();
  scopes_.clear();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, options_.name));
    return;
  }
  if (options_.alpha == 0 && options_.noise == 0) {
    notes_.push_back(fmt::format("every coefficient is 1: {} is joint training", options_.name));
    return;
  }
  expect_own_encoders(model, options_.name);
  for (int64_t m = 0; m < model.modalities(); ++m) scopes_.push_back(choose_scope(model, m));
}

Scope Ogm::choose_scope(const Model& model, int64_t m) const {
  if (!options_.scope) {
    return model.modality_parameters(m, Scope::encoder_conv).empty() ? Scope::encoder_all : Scope::encoder_conv;
  }
  const Scope scope = *options_.scope;
  if (model.modality_parameters(m, scope).empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("{0} cannot act on modality '{1}': it has no parameter of its own in `{0}.scope` {2}; use "
                            "`{0}.scope` auto",
                            options_.name, model.infos()[static_cast<size_t>(m)].name, choice_name(scope)));
  }
  return scope;
}

Outputs Ogm::forward(Model& model, const Batch& batch, Mode mode) {
  Outputs outputs = Method::forward(model, batch, mode);
  if (mode == Mode::evaluate || !in_window_) return outputs;
  const torch::NoGradGuard no_grad;
  outputs.unimodal = model.unimodal_logits(outputs.features, batch.present);
  return outputs;
}

Loss Ogm::step(StepContext& context) {
  in_window_ = !scopes_.empty() && context.epoch() >= options_.start_epoch && context.epoch() <= options_.end_epoch;
  return Method::step(context);
}

void Ogm::modulate(StepContext& context, const Outputs& outputs) {
  if (!in_window_) return;
  const Batch& batch = context.batch();
  const std::vector<double> confidence = mean_confidence(outputs.unimodal, batch.present, batch.labels);
  const std::vector<double> ratios = ogm_ratios(confidence, options_.multi);
  for (size_t m = 0; m < ratios.size(); ++m) {
    const double coefficient = ogm_coefficient(ratios[m], options_.alpha);
    modulate_modality(context, static_cast<int64_t>(m), coefficient);
    if (!context.logging()) continue;
    const std::string& name = context.model().infos()[m].name;
    if (std::isfinite(confidence[m])) context.log()["score/" + name] = confidence[m];
    context.log()["ratio/" + name] = ratios[m];
    context.log()["coef/" + name] = coefficient;
  }
}

void Ogm::modulate_modality(StepContext& context, int64_t m, double coefficient) {
  const Scope scope = scopes_[static_cast<size_t>(m)];
  const std::vector<Tensor> parameters = context.model().modality_parameters(m, scope);
  const std::vector<Tensor> widths = options_.noise > 0 ? deviations(parameters) : std::vector<Tensor>();
  if (coefficient != 1) context.scale_gradients(m, coefficient, scope);
  if (widths.empty()) return;
  at::Generator generator = at::detail::createCPUGenerator(context.random().next());
  add_noise(parameters, widths, options_.noise, generator);
  if (context.logging()) {
    context.log()["noise/" + context.model().infos()[static_cast<size_t>(m)].name] = options_.noise * mean_of(widths);
  }
}

}  // namespace

std::vector<double> ogm_ratios(const std::vector<double>& confidence, OgmMulti multi) {
  std::vector<double> ratios(confidence.size(), 1);
  for (size_t m = 0; m < confidence.size(); ++m) {
    if (!std::isfinite(confidence[m])) continue;
    double sum = 0, count = 0, least = confidence[m];
    for (size_t n = 0; n < confidence.size(); ++n) {
      if (n == m || !std::isfinite(confidence[n])) continue;
      sum += confidence[m] / (confidence[n] + kEpsilon);
      ++count;
      least = std::min(least, confidence[n]);
    }
    if (count == 0) continue;
    ratios[m] = multi == OgmMulti::mean_pairwise ? sum / count : confidence[m] / (least + kEpsilon);
  }
  return ratios;
}

double ogm_coefficient(double ratio, double alpha) { return ratio > 1 ? 1 - std::tanh(alpha * ratio) : 1; }

MethodInfo ogm_method() {
  return {
      .name = OgmOptions::kMethod,
      .summary = "Slows the encoder down that is surer of the true class, step by step.",
      .source = "Balanced Multimodal Learning via On-the-fly Gradient Modulation (CVPR 2022)",
      .make_options = make_options<OgmOptions>,
      .description =
          "Compares the modalities by how probable the true class is in their own logits. In this step the encoder "
          "of a modality that is ahead gets a smaller gradient, the smaller the further it is ahead.",
      .formula =
          "q_m = mean over the batch of softmax(s_m)_y,  rho_m = mean over n != m of q_m / q_n\n"
          "c_m = 1 - tanh(alpha rho_m) where rho_m > 1, else 1\n"
          "gradients of encoder m times c_m in epochs start-epoch to end-epoch;  L = CE(f)",
      .cost = "The unimodal logits of the batch, without gradient. Nothing per epoch.",
      .step_factor = 1,
      .release =
          "It stops with an error for gated and FiLM fusions, slows the first modality down where two are equally "
          "sure, and its port for three modalities divides one ratio only. Here every fusion has unimodal logits, "
          "equals are left alone, and ratios are means over the other modalities (`multi`). It takes tensors of four "
          "dimensions for convolutions, and with them no encoder of series; here layers over one and three "
          "dimensions are convolutions too (`scope`).",
  };
}

MethodInfo ogm_ge_method() {
  return {
      .name = OgmGeOptions::kMethod,
      .summary = "ogm, and Gaussian noise on the gradients of every encoder.",
      .source = "Balanced Multimodal Learning via On-the-fly Gradient Modulation (CVPR 2022)",
      .make_options = make_options<OgmGeOptions>,
      .description =
          "As ogm: the encoder that is ahead gets a smaller gradient. The noise, as wide as each tensor's gradient "
          "was before, is meant to give back what slowing down takes from generalisation; every encoder gets it, "
          "also where c is 1.",
      .formula =
          "q_m = mean over the batch of softmax(s_m)_y,  rho_m = mean over n != m of q_m / q_n\n"
          "c_m = 1 - tanh(alpha rho_m) where rho_m > 1, else 1\n"
          "g <- c_m g + noise sd(g) N(0, 1) for every tensor of encoder m, sd over its elements before the scaling\n"
          "in epochs start-epoch to end-epoch;  L = CE(f)",
      .cost =
          "The unimodal logits of the batch, without gradient, and one Gaussian number per encoder weight. Nothing "
          "per epoch.",
      .step_factor = 1,
      .release =
          "As for ogm. The paper's noise has the covariance of the gradient; the release's, and the one here, has "
          "one width per tensor.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {
namespace {

// What both methods have.
template <class Options>
void describe_shared(Options& options, OptionList& list) {
  list.add("start-epoch", &options.start_epoch, "First epoch with modulation, from 0.").at_least(0);
  list.add("end-epoch", &options.end_epoch, "Last epoch with modulation.").at_least(0);
  list.add("scope", &options.scope,
           "Which parameters of a modality are modulated; auto: convolutions (over one, two or three dimensions), or "
           "all without any.");
  list.add("multi", &options.multi,
           "With more than two modalities: compare each with the mean of its ratios to the others, or with the least "
           "sure one.");
}

void describe_alpha(double& alpha, OptionList& list) {
  list.add("alpha", &alpha, "How strongly the surer modality is slowed down; 0 is not at all.")
      .at_least(0)
      .search(.1, .8);
}

template <class Options>
std::unique_ptr<Method> make_ogm(const Options& options, double noise) {
  if (options.start_epoch > options.end_epoch) {
    throw Error(ErrorKind::usage,
                fmt::format("`{0}.start-epoch` {1} is after `{0}.end-epoch` {2}; let it be at most that, or use "
                            "`method` joint",
                            Options::kMethod, options.start_epoch, options.end_epoch));
  }
  return std::make_unique<methods::Ogm>(methods::Settings{.name = Options::kMethod,
                                                          .alpha = options.alpha,
                                                          .noise = noise,
                                                          .start_epoch = options.start_epoch,
                                                          .end_epoch = options.end_epoch,
                                                          .scope = options.scope,
                                                          .multi = options.multi});
}

}  // namespace

void OgmOptions::describe(OptionList& list) {
  describe_alpha(alpha, list);
  describe_shared(*this, list);
}

std::unique_ptr<Method> OgmOptions::make() const { return make_ogm(*this, 0); }

void OgmGeOptions::describe(OptionList& list) {
  describe_alpha(alpha, list);
  list.add("noise", &noise, "Width of the noise, in standard deviations of the gradient; 0 is ogm.").at_least(0);
  describe_shared(*this, list);
}

std::unique_ptr<Method> OgmGeOptions::make() const { return make_ogm(*this, noise); }

}  // namespace pdmp
