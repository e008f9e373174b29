// GGDM (2025): a linear head per modality in place of the fusion, f = their mean, and a second loss that pulls the
// heads' predictions together. S_m, U_m are the gradients of encoder m under the fused loss and under that alignment;
// the volume that the other's and its own span tells how much of the latter to take:
//   V_m = mean over n != m of Vol(U_n, S_n, S_m), t_m = V_m / sum V, e_m = 1 - tanh(t_m), 1 where V_m < threshold,
//   gradient of encoder m = gain (a_m e_m U_m + S_m).
// Rows of the heads are weighted by how much evidence they gather for their class (gradient_volume.h). An encoder that
// several modalities share gets the plain sum.
#include "methods/ggdm.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <torch/autograd.h>

#include "methods/methods.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/unimodal_heads.h"
#include "pdmp/error.h"
#include "pdmp/methods/ggdm.h"

namespace pdmp::methods {
namespace {

constexpr double kTiny = 1e-30;  // probabilities inside a logarithm
constexpr double kLeastBelief = 0.1;
constexpr double kNoBelief = 0.5;

// Of the symmetric matrix [[aa, ab, ac], [ab, bb, bc], [ac, bc, cc]].
double determinant(double aa, double ab, double bb, double ac, double bc, double cc) {
  return aa * (bb * cc - bc * bc) - ab * (ab * cc - bc * ac) + ac * (ab * bc - bb * ac);
}

double total(const std::vector<Tensor>& values) {
  return values.empty() ? 0 : torch::stack(values).sum().item<double>();
}

Tensor unit(const Tensor& vector) {
  const Tensor flat = vector.detach().flatten().to(torch::kFloat64);
  const double length = flat.norm().item<double>();
  return length > 0 ? flat / length : flat;
}

}  // namespace

GradientMoments gradient_moments(const std::vector<Tensor>& u, const std::vector<Tensor>& s) {
  const torch::NoGradGuard no_gradients;
  std::vector<Tensor> uu, us, ss, u_sum, s_sum;
  const auto dot = [](const Tensor& a, const Tensor& b) { return (a * b).sum(torch::kFloat64); };
  for (size_t t = 0; t < u.size(); ++t) {
    if (u[t].defined()) {
      uu.push_back(dot(u[t], u[t]));
      u_sum.push_back(u[t].sum(torch::kFloat64));
    }
    if (s[t].defined()) {
      ss.push_back(dot(s[t], s[t]));
      s_sum.push_back(s[t].sum(torch::kFloat64));
    }
    if (u[t].defined() && s[t].defined()) us.push_back(dot(u[t], s[t]));
  }
  return {total(uu), total(us), total(ss), total(u_sum), total(s_sum)};
}

double surrogate_volume(const GradientMoments& other, const GradientMoments& own) {
  return std::sqrt(
      std::abs(determinant(other.uu, other.us, other.ss, other.u_sum * own.s_sum, other.s_sum * own.s_sum, own.ss)));
}

double unit_volume(const Tensor& a, const Tensor& b, const Tensor& c) {
  if (!a.defined() || !b.defined() || !c.defined()) return 0;
  const Tensor rows = torch::stack({unit(a), unit(b), unit(c)});
  const Tensor gram = rows.matmul(rows.t()).cpu();
  const auto g = gram.accessor<double, 2>();
  return std::sqrt(std::abs(determinant(g[0][0], g[0][1], g[1][1], g[0][2], g[1][2], g[2][2])));
}

Damping damping(const std::vector<double>& volumes, double threshold) {
  const double sum = std::accumulate(volumes.begin(), volumes.end(), 0.0);
  Damping result;
  for (const double volume : volumes) {
    const double share = sum > 0 ? volume / sum : 1 / static_cast<double>(volumes.size());
    result.share.push_back(share);
    result.factor.push_back(volume < threshold ? 1 : 1 - std::tanh(share));
  }
  return result;
}

Tensor alignment_loss(const std::vector<Tensor>& logits, const Tensor& present) {
  std::vector<Tensor> logarithms, there;
  Tensor mean;
  for (size_t m = 0; m < logits.size(); ++m) {
    there.push_back(present.select(1, static_cast<int64_t>(m)).unsqueeze(1));
    logarithms.push_back(torch::where(there[m], logits[m], torch::zeros_like(logits[m])).log_softmax(1));
    const Tensor probability = logarithms[m].exp() * there[m];
    mean = mean.defined() ? mean + probability : probability;
  }
  const Tensor count = present.sum(1, /*keepdim=*/true).clamp_min(1).to(mean.scalar_type());
  mean = mean / count;
  const Tensor log_mean = mean.clamp_min(kTiny).log();
  Tensor divergence;
  for (size_t m = 0; m < logits.size(); ++m) {
    const Tensor own = (mean * (log_mean - logarithms[m])).sum(1, /*keepdim=*/true) * there[m];
    divergence = divergence.defined() ? divergence + own : own;
  }
  return (divergence / count).mean();
}

Tensor belief(const Tensor& logits, double gain) {
  const Tensor evidence = torch::softplus(logits.detach());
  const Tensor certain = (evidence / (evidence + 1).sum(1, /*keepdim=*/true)).mean(0) * gain;
  return torch::where(certain < kLeastBelief, torch::full_like(certain, kNoBelief), certain);
}

namespace {

// Parameters that want a gradient, and the one of the alignment loss, undefined where it does not reach.
struct Part {
  std::vector<Tensor> parameters, alignment;
};

// Of the alignment loss.
struct AlignmentGradients {
  std::vector<Part> encoders;    // M
  Part rest;                     // heads, and encoders of several modalities
  std::vector<Tensor> features;  // M x (B, d); space `feature` only
};

class Ggdm : public Method {
 public:
  explicit Ggdm(const GgdmOptions& options) : options_(options) {}

  bool trains(const OwnedParameter& parameter) const override {
    return heads_ == nullptr || !parameter.name.starts_with("fusion.");
  }
  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss step(StepContext& context) override;
  void modulate(StepContext& context, const Outputs& outputs) override;
  std::vector<double> coefficients() const override { return coefficients_; }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  bool in_feature_space() const { return options_.space == GgdmSpace::feature; }
  AlignmentGradients align(const Model& model, const Outputs& outputs, const Tensor& loss) const;
  std::vector<double> volumes(const AlignmentGradients& aligned, const Outputs& outputs) const;
  void merge(StepContext& context, const AlignmentGradients& aligned, const std::vector<double>& volumes) const;
  void forget_absent(const Batch& batch) const;
  void weight_rows(StepContext& context, const Outputs& outputs) const;

  GgdmOptions options_;
  std::shared_ptr<UnimodalHeads> heads_;  // null: this run is `joint`
  std::vector<double> coefficients_;
  std::vector<std::string> notes_;
};

void expect_one_width(Model& model) {
  for (int64_t m = 1; m < model.modalities(); ++m) {
    if (model.encoder(m).width() == model.encoder(0).width()) continue;
    throw Error(ErrorKind::usage,
                fmt::format("`ggdm.space` feature compares features of one width, '{}' has {} and '{}' {}; use "
                            "param_surrogate",
                            model.infos()[0].name, model.encoder(0).width(), model.infos()[static_cast<size_t>(m)].name,
                            model.encoder(m).width()));
  }
}

std::shared_ptr<torch::nn::Module> Ggdm::extend(Model& model) {
  notes_.clear();
  heads_.reset();
  coefficients_.clear();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "ggdm"));
    return nullptr;
  }
  expect_replaceable_fusion(model, "ggdm");
  if (in_feature_space()) expect_one_width(model);
  coefficients_.assign(static_cast<size_t>(model.modalities()), options_.encoder_gain);
  heads_ = std::make_shared<UnimodalHeads>(model);
  return heads_;
}

std::vector<ParameterGroup> Ggdm::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (heads_) groups.push_back(heads_->group());
  return groups;
}

Outputs Ggdm::forward(Model& model, const Batch& batch, Mode mode) {
  if (!heads_) return Method::forward(model, batch, mode);
  Outputs outputs;
  outputs.features = encode_all(model, batch);
  outputs.unimodal = heads_->logits(outputs.features);
  outputs.fused = mean_where_present(outputs.unimodal, batch.present);
  return outputs;
}

// Alignment first, over one graph; then the fused loss, whose gradients the parameters keep.
Loss Ggdm::step(StepContext& context) {
  if (!heads_) return Method::step(context);
  const Outputs outputs = context.forward();
  Loss result = Method::loss(context, outputs);
  const Tensor fused = result.total;
  std::vector<Tensor> logits;
  for (const Tensor& own : outputs.unimodal) logits.push_back(own.to(outputs.fused.scalar_type()));  // low precision
  const Tensor alignment = alignment_loss(logits, context.batch().present);
  result.parts.emplace_back("fused", fused.detach());
  result.parts.emplace_back("alignment", alignment.detach());
  result.total = (fused + alignment).detach();
  const AlignmentGradients aligned = align(context.model(), outputs, alignment);
  for (const Feature& feature : outputs.features) {
    if (in_feature_space() && feature.pooled.requires_grad()) feature.pooled.retain_grad();
  }
  context.backward(fused);
  merge(context, aligned, volumes(aligned, outputs));
  forget_absent(context.batch());
  context.update(outputs);
  return result;
}

AlignmentGradients Ggdm::align(const Model& model, const Outputs& outputs, const Tensor& loss) const {
  AlignmentGradients result;
  result.encoders.resize(outputs.features.size());
  result.rest.parameters = heads_->parameters();
  for (const OwnedParameter& parameter : model.ownership()) {
    if (!parameter.in_encoder || !parameter.value.requires_grad()) continue;
    Part& part = parameter.owner ? result.encoders[static_cast<size_t>(*parameter.owner)] : result.rest;
    part.parameters.push_back(parameter.value);
  }
  std::vector<Tensor> reached = result.rest.parameters;
  for (const Part& part : result.encoders) {
    reached.insert(reached.end(), part.parameters.begin(), part.parameters.end());
  }
  for (const Feature& feature : outputs.features) {
    if (in_feature_space() && feature.pooled.requires_grad()) reached.push_back(feature.pooled);
  }
  const std::vector<Tensor> gradients =
      torch::autograd::grad({loss}, reached, {}, /*retain_graph=*/true, /*create_graph=*/false, /*allow_unused=*/true);
  auto next = gradients.begin();
  const auto take = [&next](Part& part) {
    for (size_t t = 0; t < part.parameters.size(); ++t) part.alignment.push_back(*next++);
  };
  take(result.rest);
  for (Part& part : result.encoders) take(part);
  for (const Feature& feature : outputs.features) {
    if (in_feature_space()) result.features.push_back(feature.pooled.requires_grad() ? *next++ : Tensor());
  }
  return result;
}

std::vector<Tensor> gradients_of(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> gradients;
  for (const Tensor& parameter : parameters) gradients.push_back(parameter.grad());
  return gradients;
}

// V of each modality.
std::vector<double> Ggdm::volumes(const AlignmentGradients& aligned, const Outputs& outputs) const {
  const size_t modalities = aligned.encoders.size();
  std::vector<GradientMoments> moments;
  std::vector<Tensor> supervised;
  for (size_t m = 0; m < modalities; ++m) {
    const Tensor& feature = outputs.features[m].pooled;
    const Part& part = aligned.encoders[m];
    if (in_feature_space()) {
      supervised.push_back(feature.requires_grad() ? feature.grad() : Tensor());
    } else {
      moments.push_back(gradient_moments(part.alignment, gradients_of(part.parameters)));
    }
  }
  std::vector<double> result;
  for (size_t m = 0; m < modalities; ++m) {
    double sum = 0;
    for (size_t n = 0; n < modalities; ++n) {
      if (n == m) continue;
      sum += in_feature_space() ? unit_volume(aligned.features[n], supervised[n], supervised[m])
                                : surrogate_volume(moments[n], moments[m]);
    }
    result.push_back(sum / static_cast<double>(modalities - 1));
  }
  return result;
}

// Adds the alignment gradients, times `factor`, to those of the fused loss.
void add(const Part& part, double factor) {
  const torch::NoGradGuard no_gradients;
  for (size_t t = 0; t < part.parameters.size(); ++t) {
    const Tensor &parameter = part.parameters[t], &alignment = part.alignment[t];
    if (!alignment.defined()) continue;
    if (parameter.grad().defined()) {
      parameter.mutable_grad().add_(alignment, factor);
    } else {
      parameter.mutable_grad() = alignment * factor;
    }
  }
}

void Ggdm::merge(StepContext& context, const AlignmentGradients& aligned, const std::vector<double>& volumes) const {
  const Damping damped = damping(volumes, options_.threshold);
  const std::vector<double>& gains = options_.alignment_gains;
  for (size_t m = 0; m < volumes.size(); ++m) {
    const double gain = gains.empty() ? 1 : gains[std::min(m, gains.size() - 1)];
    add(aligned.encoders[m], gain * damped.factor[m]);
    if (!context.logging()) continue;
    const std::string& name = context.model().infos()[m].name;
    context.log()["score/" + name] = volumes[m];
    context.log()["ratio/" + name] = damped.share[m];
    context.log()["damping/" + name] = damped.factor[m];
  }
  add(aligned.rest, 1);
}

// The mean of the heads hands those of modalities that nobody in the batch has a gradient of zeros.
void Ggdm::forget_absent(const Batch& batch) const {
  const Tensor there = batch.present.any(0).cpu();
  for (int64_t m = 0; m < there.size(0); ++m) {
    if (there[m].item<bool>()) continue;
    for (const Tensor& parameter : heads_->parameters_of(m)) parameter.mutable_grad() = Tensor();
  }
}

void Ggdm::modulate(StepContext& context, const Outputs& outputs) {
  if (!heads_) return;
  for (int64_t m = 0; options_.encoder_gain != 1 && m < context.model().modalities(); ++m) {
    context.scale_gradients(m, options_.encoder_gain, Scope::encoder_all);
  }
  const bool weighted = context.epoch() >= options_.belief_start && context.epoch() <= options_.belief_end;
  if (options_.belief && weighted) weight_rows(context, outputs);
}

void Ggdm::weight_rows(StepContext& context, const Outputs& outputs) const {
  const torch::NoGradGuard no_gradients;
  for (size_t m = 0; m < outputs.unimodal.size(); ++m) {
    const auto index = static_cast<int64_t>(m);
    const Tensor rows = context.batch().present.select(1, index).nonzero().flatten();
    if (rows.size(0) == 0) continue;
    const Tensor logits = outputs.unimodal[m].index_select(0, rows).to(outputs.fused.scalar_type());
    const Tensor weights = belief(logits, options_.belief_gain);
    for (const Tensor& parameter : heads_->parameters_of(index)) {
      if (!parameter.grad().defined()) continue;
      parameter.mutable_grad().mul_(parameter.dim() == 2 ? weights.unsqueeze(1) : weights);
    }
    if (context.logging()) {
      context.log()["belief/" + context.model().infos()[m].name] = weights.mean().item<double>();
    }
  }
}

}  // namespace

MethodInfo ggdm_method() {
  return {
      .name = GgdmOptions::kMethod,
      .summary = "Aligns the modalities' predictions, the less the further an encoder's gradients spread apart.",
      .source = "GGDM, gradient polyhedra, 2025 (from its code)",
      .make_options = make_options<GgdmOptions>,
      .description =
          "Every modality has a linear head, and the mean of the heads is the prediction; a second loss pulls the "
          "heads' "
          "predictions together. The gradient of that alignment is damped for an encoder whose volume, spanned by its "
          "own gradient and the other's two, is large among the modalities.",
      .formula =
          "f = mean of o_m, L_s = CE(f), L_u = mean over m of KL(q || softmax(o_m)), q = mean of softmax(o_m)\n"
          "S_m, U_m: gradients of L_s, L_u with respect to encoder m\n"
          "V_m = mean over n != m of Vol(U_n, S_n, S_m), t_m = V_m / sum_n V_n\n"
          "e_m = 1 - tanh(t_m), 1 where V_m < threshold\n"
          "gradient of encoder m = encoder-gain (a_m e_m U_m + S_m); a = alignment-gains\n"
          "row c of head m times b_m[c] = 10 mean_i E_m[i,c] / sum_c' (E_m[i,c'] + 1), E_m = softplus(o_m); below 0.1: "
          "0.5",
      .cost =
          "A second backward pass over the same graph per step, five reductions over the encoders' gradients, and a "
          "copy "
          "of these. Nothing per epoch.",
      .step_factor = 5.0 / 3,
      .release =
          "Volumes come from a matrix that is no Gram matrix (encoders differ in size, so that products of sums stand "
          "in "
          "for inner products), and a second backward pass is repeated for the heads; the first is the default here, "
          "`space` feature takes true volumes, the repetition is left out. The gains count for the whole training, not "
          "for its first 100 epochs only.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void GgdmOptions::describe(OptionList& list) {
  list.add("space", &space,
           "Gradients that span the volumes: of the encoders' parameters, with products of sums between encoders (the "
           "release), or of the features, of unit length, which need one width (feature).");
  list.add("alignment-gains", &alignment_gains,
           "Factors on the alignment gradients, in the order of the modalities; the last one counts for all that "
           "follow.")
      .at_least(0);
  list.add("encoder-gain", &encoder_gain, "Factor on the gradients of every encoder: a learning rate of their own.")
      .above(0);
  list.add("threshold", &threshold, "Volume below which an alignment gradient is not damped.").at_least(0);
  list.add("belief", &belief, "Weight the rows of the heads by the evidence for their class.");
  list.add("belief-gain", &belief_gain, "Factor on these weights.").above(0);
  list.add("belief-start", &belief_start, "First epoch, counted from 0, with weighted rows.").at_least(0);
  list.add("belief-end", &belief_end, "Last epoch, counted from 0, with weighted rows.").at_least(0);
}

std::unique_ptr<Method> GgdmOptions::make() const { return std::make_unique<methods::Ggdm>(*this); }

}  // namespace pdmp
