// UDML: features are weighted before the fusion by how noisy each modality of a sample is thought to be, after the
// model's own preference among the modalities is divided out.
//
// The last map of an encoder becomes a distribution: F' = mu + eps sigma in training, mu in evaluation. From the mean
// of sigma a small network predicts the noise level n^ of the sample, and
//   u_m = M n^_m^-2 / sum_j n^_j^-2,   v_m = M (u_m / D_m) / sum_j (u_j / D_j),   z_m <- (1 + v_m) z_m,
// where D_m is how strongly the fused logits depended on modality m in the step before. After some epochs on clean
// data, half of the samples get noise of a known level, which n^ and sigma are taught.
#include "methods/udml.h"

#include <algorithm>
#include <fmt/format.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <vector>

#include "data/types/modality_type.h"
#include "methods/methods.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/own_logits.h"
#include "methods/parts/unimodal_heads.h"
#include "models/fusion/early_maps.h"
#include "models/layers/evaluation_mode.h"
#include "models/layers/present_rows.h"
#include "pdmp/methods/udml.h"
#include "pdmp/random.h"

namespace pdmp::methods {
namespace {

constexpr double kSmall = 1e-8;
constexpr double kNever = -1e30;  // finite: a row without any modality is no NaN

Tensor count(const Tensor& present, at::ScalarType type) { return present.sum(1, /*keepdim=*/true).to(type); }

}  // namespace

// As a softmax: n^-2 itself may be too large or too small for a number.
Tensor inverse_variance_weights(const Tensor& log_variance, const Tensor& present) {
  const Tensor shares = (-log_variance).masked_fill(present.logical_not(), kNever).softmax(1);
  return count(present, shares.scalar_type()) * shares * present;
}

Tensor weights_over_dependency(const Tensor& weights, const Tensor& dependency, const Tensor& present) {
  const Tensor freed = weights / dependency.clamp_min(kSmall) * present;
  const Tensor total = freed.sum(1, /*keepdim=*/true);
  return count(present, freed.scalar_type()) * freed / total.masked_fill(total == 0, 1);
}

Tensor divergence_from_noise(const Tensor& mean, const Tensor& deviation, const Tensor& level) {
  std::vector<int64_t> sizes(static_cast<size_t>(mean.dim()), 1);
  sizes[0] = mean.size(0);
  const Tensor n = level.to(mean.scalar_type()).view(sizes);
  const Tensor variance = deviation.square();
  return ((variance + mean.square()) / n - ((variance + kSmall) / n).log() - 1).flatten(1).sum(1) / 2;
}

namespace {

constexpr int64_t kClean = 1;
constexpr int64_t kNothingElse = 11;
constexpr double kLouder = 25.5;
constexpr double kWhite = 255;

bool is_pictures(const ModalityInfo& info) { return data::holds_pictures(info.type); }

// Tensor of one value per channel, to be broadcast over x (B, C, ...).
Tensor per_channel(const std::vector<double>& values, const Tensor& x) {
  std::vector<int64_t> sizes(static_cast<size_t>(x.dim()), 1);
  sizes[1] = static_cast<int64_t>(values.size());
  return at::tensor(values, at::kDouble).to(x.options()).view(sizes);
}

struct Normalisation {
  Tensor mean, deviation;  // in units of white
};

Normalisation normalisation(const ModalityInfo& info, const Tensor& x) {
  if (info.type == "flow") return {per_channel({0.5}, x), per_channel({0.25}, x)};
  if (x.size(1) != 3) return {per_channel({0.5}, x), per_channel({0.5}, x)};
  return {per_channel({0.485, 0.456, 0.406}, x), per_channel({0.229, 0.224, 0.225}, x)};
}

// `level` (n, 1, ...); noise of standard deviation 1.
Tensor disturb(const Tensor& values, const Tensor& level, const Tensor& deviation, const Tensor& noise) {
  const Tensor only = level == static_cast<double>(kNothingElse);
  return at::where(only, noise * deviation * kLouder, values + noise * deviation);
}

}  // namespace

Tensor noise_levels(const Tensor& index, const std::vector<ModalityInfo>& infos, uint64_t seed) {
  const Tensor positions = index.cpu().contiguous();
  const auto modalities = static_cast<int64_t>(infos.size());
  Tensor levels = at::full({positions.size(0), modalities}, kClean, at::kFloat);
  auto rows = levels.accessor<float, 2>();
  for (int64_t i = 0; i < positions.size(0); ++i) {
    RandomStream random = random_stream(seed, fmt::format("noise/{}", positions[i].item<int64_t>()));
    const bool clean = random.bernoulli(0.5);
    for (int64_t m = 0; m < modalities; ++m) {
      const int64_t level = random.integer(kClean, kNothingElse);
      if (!clean && !data::holds_integers(infos[static_cast<size_t>(m)].type)) rows[i][m] = static_cast<float>(level);
    }
  }
  return levels.to(index.device());
}

Tensor with_noise(const Tensor& x, const ModalityInfo& info, const Tensor& level) {
  const Tensor rows = level.gt(static_cast<double>(kClean)).nonzero().flatten();
  if (rows.size(0) == 0 || data::holds_integers(info.type)) return x;
  const Tensor chosen = x.index_select(0, rows);
  std::vector<int64_t> sizes(static_cast<size_t>(x.dim()), 1);
  sizes[0] = rows.size(0);
  const Tensor levels = level.index_select(0, rows).to(x.scalar_type()).view(sizes);
  if (!is_pictures(info)) {
    return x.index_copy(0, rows, disturb(chosen, levels, levels, at::randn_like(chosen)));
  }
  const auto [mean, deviation] = normalisation(info, x);
  std::vector<int64_t> one_channel = chosen.sizes().vec();
  one_channel[1] = 1;
  const Tensor noise = at::randn(one_channel, x.options());
  const Tensor grey = disturb((chosen * deviation + mean) * kWhite, levels, levels.square(), noise).clamp(0, kWhite);
  return x.index_copy(0, rows, ((grey / kWhite - mean) / deviation).contiguous());
}

namespace {

constexpr double kDropout = 0.1;
constexpr double kAudioDependency = 32, kOtherDependency = 10;  // before the first step

// What UDML makes of one modality's last map, for the rows that have it.
struct Estimate {
  Feature feature;
  Tensor mean, deviation;  // (n, h * w * d); undefined without a distribution
  Tensor log_variance;     // (n), 2 ln n^
};

class Estimator : public torch::nn::Module {
 public:
  Estimator(int64_t width, bool probabilistic);
  Estimate forward(const Feature& feature);

 private:
  Tensor log_variance(const Tensor& summary);

  // 1x1 convolutions, seen as linear layers over positions.
  torch::nn::Linear mean_{nullptr}, variance_{nullptr};
  torch::nn::BatchNorm1d mean_norm_{nullptr}, variance_norm_{nullptr};
  torch::nn::Linear hidden_, level_;
  torch::nn::Dropout dropout_;
};

struct UdmlParts : public torch::nn::Module {
  UdmlParts(Model& model, bool probabilistic);
  std::vector<std::shared_ptr<Estimator>> estimators;
  Tensor dependency;  // (M), a buffer
};

class Udml : public Method {
 public:
  explicit Udml(const UdmlOptions& options) : options_(options) {}

  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  Loss step(StepContext& context) override;
  std::vector<std::string> notes() const override { return notes_; }

 private:
  std::vector<Feature> estimate(Model& model, const Batch& batch, Mode mode);
  Tensor weights(const Tensor& present, Mode mode) const;
  void add_noise_losses(Loss& result, const Tensor& present) const;
  void remember_dependency(const std::vector<Tensor>& logits, const Tensor& present);
  void log_noise(StepContext& context) const;
  void forget();

  UdmlOptions options_;
  std::shared_ptr<UdmlParts> parts_;  // null: this run is `joint`
  uint64_t noise_seed_ = 0;
  // Of the pass at work.
  int64_t epoch_ = 0;
  Tensor levels_;                    // (B, M); undefined outside a step
  std::vector<Estimate> estimates_;  // M; undefined tensors where nobody has the modality
  Tensor log_variance_, weights_;    // (B, M)
  std::vector<std::string> notes_;
};

Estimator::Estimator(int64_t width, bool probabilistic)
    : hidden_(register_module("hidden", torch::nn::Linear(width, std::max<int64_t>(width / 2, 1)))),
      level_(register_module("level", torch::nn::Linear(std::max<int64_t>(width / 2, 1), 1))),
      dropout_(register_module("dropout", torch::nn::Dropout(kDropout))) {
  if (!probabilistic) return;
  mean_ = register_module("mean", torch::nn::Linear(width, width));
  mean_norm_ = register_module("mean_norm", torch::nn::BatchNorm1d(width));
  variance_ = register_module("variance", torch::nn::Linear(width, width));
  variance_norm_ = register_module("variance_norm", torch::nn::BatchNorm1d(width));
}

// The summary is a constant: predicting the noise teaches the encoder nothing.
Tensor Estimator::log_variance(const Tensor& summary) {
  const at::ScalarType type = hidden_->weight.scalar_type();
  const Tensor hidden = dropout_->forward(hidden_->forward(summary.detach().to(type)));
  return level_->forward(hidden).squeeze(1).to(type);
}

Estimate Estimator::forward(const Feature& feature) {
  if (mean_.is_empty()) return {feature, {}, {}, log_variance(feature.pooled)};
  const Tensor map = models::map_of(feature);
  const at::ScalarType type = mean_->weight.scalar_type();
  const int64_t n = map.size(0), width = map.size(1), height = map.size(2), columns = map.size(3);
  const Tensor positions = map.permute({0, 2, 3, 1}).reshape({-1, width}).to(type);
  const auto [mean, log_variances] = models::pass_with_statistics(*this, positions.size(0), [&] {
    return std::make_pair(mean_norm_->forward(mean_->forward(positions).to(type)),
                          variance_norm_->forward(variance_->forward(positions).to(type)));
  });
  const Tensor deviation = (log_variances / 2).exp();
  const Tensor value = is_training() ? mean + at::randn_like(deviation) * deviation : mean;
  const auto pooled = [&](const Tensor& values) { return values.reshape({n, -1, width}).mean(1); };
  Estimate result;
  result.feature.pooled = pooled(value);
  if (feature.map.defined()) {
    const Tensor channels_inside = value.reshape({n, height, columns, width}).permute({0, 3, 1, 2});
    result.feature.map = channels_inside.contiguous(feature.map.suggest_memory_format());
  }
  result.mean = mean.reshape({n, -1});
  result.deviation = deviation.reshape({n, -1});
  result.log_variance = log_variance(pooled(deviation.detach()));
  return result;
}

UdmlParts::UdmlParts(Model& model, bool probabilistic) {
  std::vector<double> start;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    const ModalityInfo& info = model.infos()[static_cast<size_t>(m)];
    estimators.push_back(
        register_module(info.name, std::make_shared<Estimator>(model.encoder(m).width(), probabilistic)));
    start.push_back(info.type == "audio" ? kAudioDependency : kOtherDependency);
  }
  const Tensor& like = model.ownership().back().value;
  dependency = register_buffer("dependency", at::tensor(start, at::kDouble).to(like.scalar_type()));
  to(like.device());
  if (like.scalar_type() != at::kFloat) to(like.scalar_type());
}

std::shared_ptr<torch::nn::Module> Udml::extend(Model& model) {
  notes_.clear();
  parts_.reset();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "udml"));
    return nullptr;
  }
  parts_ = std::make_shared<UdmlParts>(model, options_.pe);
  return parts_;
}

void Udml::prepare(PrepareContext& context, const OptimizerOptions& optimizer) {
  if (!parts_) return;
  noise_seed_ = context.random().next();  // the same in every process of a run
  if (optimizer.clip_norm == 0) {
    notes_.emplace_back("udml: predicted noise levels may run away without clipping; the paper has `clip-norm` 40");
  }
}

std::vector<ParameterGroup> Udml::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (parts_) groups.push_back({"estimators", std::nullopt, parts_->parameters(), 1, 1});
  return groups;
}

Feature selected(const Feature& feature, const Tensor& rows) {
  return {feature.map.defined() ? feature.map.index_select(0, rows) : Tensor(), feature.pooled.index_select(0, rows)};
}

// Features before they are weighted. Rows that lack a modality stay zero and have n^ = 1, which nobody looks at.
std::vector<Feature> Udml::estimate(Model& model, const Batch& batch, Mode mode) {
  parts_->train(mode == Mode::train);
  estimates_.clear();
  std::vector<Feature> features = encode_all(model, batch);
  std::vector<Tensor> columns;
  for (size_t m = 0; m < features.size(); ++m) {
    const Tensor rows = batch.present.select(1, static_cast<int64_t>(m)).nonzero().flatten();
    if (rows.size(0) == 0) {
      estimates_.emplace_back();
      columns.push_back(at::zeros({batch.size()}, parts_->dependency.options()));
      continue;
    }
    estimates_.push_back(parts_->estimators[m]->forward(selected(features[m], rows)));
    const Estimate& found = estimates_.back();
    features[m] = {models::scatter_rows(found.feature.map, rows, batch.size()),
                   models::scatter_rows(found.feature.pooled, rows, batch.size())};
    columns.push_back(models::scatter_rows(found.log_variance, rows, batch.size()));
  }
  log_variance_ = at::stack(columns, 1);
  return features;
}

// v (B, M)
Tensor Udml::weights(const Tensor& present, Mode mode) const {
  const bool equal = mode == Mode::train && epoch_ < options_.clean_epochs + options_.equal_epochs;
  const Tensor log_variance = options_.weight_gradient ? log_variance_ : log_variance_.detach();
  const Tensor u = equal ? present.to(log_variance.scalar_type()) : inverse_variance_weights(log_variance, present);
  return options_.pe ? weights_over_dependency(u, parts_->dependency, present) : u;
}

Batch disturbed(Batch batch, const Model& model, const Tensor& levels) {
  for (size_t m = 0; m < batch.inputs.size(); ++m)
    batch.inputs[m] = with_noise(batch.inputs[m], model.infos()[m], levels.select(1, static_cast<int64_t>(m)));
  return batch;
}

Outputs Udml::forward(Model& model, const Batch& batch, Mode mode) {
  if (!parts_) return Method::forward(model, batch, mode);
  const bool noisy = mode == Mode::train && levels_.defined();
  Outputs outputs;
  outputs.features = estimate(model, noisy ? disturbed(batch, model, levels_) : batch, mode);
  weights_ = weights(batch.present, mode);
  for (size_t m = 0; m < outputs.features.size(); ++m) {
    Feature& feature = outputs.features[m];
    const Tensor factor = (1 + weights_.select(1, static_cast<int64_t>(m))).unsqueeze(1);
    feature.pooled = feature.pooled * factor;
    if (feature.map.defined()) feature.map = feature.map * factor.unsqueeze(2).unsqueeze(3);
  }
  outputs.fused = model.fuse(outputs.features, batch.present);
  outputs.unimodal = mode == Mode::train ? own_logits(model, outputs.features, batch.present)
                                         : model.unimodal_logits(outputs.features, batch.present);
  if (mode == Mode::evaluate) forget();
  return outputs;
}

Loss Udml::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (!parts_) return result;
  const Tensor& present = context.batch().present;
  std::vector<Tensor> logits;
  for (const Tensor& own : outputs.unimodal) logits.push_back(own.to(outputs.fused.scalar_type()));  // low precision
  for (const Tensor& own : log_own_losses(context, logits, result)) {
    if (own.defined()) result.total = result.total + options_.gamma * own;
  }
  add_noise_losses(result, present);
  if (context.logging()) log_noise(context);
  remember_dependency(logits, present);
  return result;
}

void Udml::add_noise_losses(Loss& result, const Tensor& present) const {
  Tensor divergence, error;
  const auto add = [](Tensor& sum, const Tensor& term) { sum = sum.defined() ? sum + term : term; };
  for (size_t m = 0; m < estimates_.size(); ++m) {
    const Estimate& found = estimates_[m];
    if (!found.log_variance.defined()) continue;
    const auto index = static_cast<int64_t>(m);
    const Tensor level = levels_.select(1, index).masked_select(present.select(1, index));
    if (found.mean.defined() && options_.beta > 0)
      add(divergence, divergence_from_noise(found.mean, found.deviation, level).mean());
    add(error, ((found.log_variance / 2).exp() - level).square().mean());
  }
  if (divergence.defined()) {
    result.total = result.total + options_.beta * divergence;
    result.parts.emplace_back("divergence", divergence.detach());
  }
  if (!error.defined() || !error.isfinite().item<bool>()) return;  // a prediction out of range: not in this step
  result.total = result.total + options_.var_weight * error;
  result.parts.emplace_back("noise", error.detach());
}

void Udml::remember_dependency(const std::vector<Tensor>& logits, const Tensor& present) {
  const torch::NoGradGuard no_gradients;
  for (size_t m = 0; m < logits.size(); ++m) {
    const auto index = static_cast<int64_t>(m);
    const Tensor sizes = logits[m].detach().abs().sum(1).masked_select(present.select(1, index));
    if (sizes.size(0) > 0) parts_->dependency.select(0, index).copy_(sizes.mean());
  }
}

// Means over the samples that have the modality.
void Udml::log_noise(StepContext& context) const {
  const torch::NoGradGuard no_gradients;
  for (size_t m = 0; m < estimates_.size(); ++m) {
    if (!estimates_[m].log_variance.defined()) continue;
    const auto index = static_cast<int64_t>(m);
    const std::string& name = context.model().infos()[m].name;
    const Tensor here = context.batch().present.select(1, index);
    context.log()["noise/" + name] = (estimates_[m].log_variance / 2).exp().mean().item<double>();
    context.log()["weight/" + name] = weights_.select(1, index).masked_select(here).mean().item<double>();
    context.log()["dependency/" + name] = parts_->dependency[index].item<double>();
  }
}

Loss Udml::step(StepContext& context) {
  if (!parts_) return Method::step(context);
  const Batch& batch = context.batch();
  epoch_ = context.epoch();
  levels_ = (epoch_ < options_.clean_epochs ? at::ones(batch.present.sizes(), batch.present.options().dtype(at::kFloat))
                                            : noise_levels(batch.index, context.model().infos(), noise_seed_))
                .to(parts_->dependency.scalar_type());
  Loss result = Method::step(context);
  levels_ = Tensor();
  forget();
  return result;
}

// Lets go of the graph.
void Udml::forget() {
  log_variance_ = weights_ = Tensor();
  estimates_.clear();
}

}  // namespace

MethodInfo udml_method() {
  return {
      .name = UdmlOptions::kMethod,
      .summary = "Weights each sample's features by predicted noise, freed of the model's own preference.",
      .source = "UDML, unbiased dynamic multimodal fusion",
      .make_options = make_options<UdmlOptions>,
      .description =
          "The last map of each encoder becomes a Gaussian whose spread predicts the noise in that modality of the "
          "sample; features are weighted by the inverse predicted variance, divided by how much the fused logits "
          "depend on the modality. After --udml.clean-epochs half of the training samples get noise of a known level, "
          "which the prediction is taught; the paper clips with --clip-norm 40.",
      .formula =
          "F'_m = mu_m + eps sigma_m;  u_m = M n^_m^-2 / sum_j n^_j^-2;  v_m = M (u_m / D_m) / sum_j (u_j / D_j);\n"
          "f = fuse((1 + v_m) z_m);  L = CE(f) + gamma sum_m CE(s_m) + beta sum_m KL(N(mu_m, sigma_m^2) | N(0, n_m)) + "
          "w sum_m (n^_m - n_m)^2",
      .cost =
          "Two 1x1 convolutions and a small network per modality, a pass of the fusion per modality; one map of sigma "
          "per modality is kept.",
      .step_factor = 1,
      .release =
          "The release clips only the upper end of noisy pictures, so that negative gray values wrap around, repeats "
          "the same noise on every audio sample, and reads an audio limit that its options no longer define; here "
          "pictures are clamped at both ends, noise is drawn anew and audio has no limit. Frames of a clip are "
          "averaged before the distribution, not after. The release lets the gradient of the classification losses "
          "through the weights v into the predictors of noise (`weight-gradient`); here they learn from their own loss "
          "alone, as all weights are constants.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void UdmlOptions::describe(OptionList& list) {
  list.add("pe", &pe,
           "Encoders end in a distribution (probabilistic encoder). Without: noise is predicted from the feature, no "
           "divergence, and weights are not divided by the dependency.");
  list.add("gamma", &gamma, "Weight of each modality's own loss.").at_least(0).search(1, 5);
  list.add("beta", &beta, "Weight of the divergence of the distribution from noise of the sample's level.")
      .at_least(0)
      .search(1e-6, 1e-4);
  list.add("var-weight", &var_weight, "Weight of the squared error of the predicted noise level.").at_least(0);
  list.add("clean-epochs", &clean_epochs, "Epochs before noise is added to the training data.").at_least(0);
  list.add("equal-epochs", &equal_epochs,
           "Epochs after these in which predicted noise is still learnt but not used: u = 1 while training.")
      .at_least(0);
  list.add("weight-gradient", &weight_gradient,
           "Whether classification losses reach the noise predictors through the weights; else only their own does.");
}

std::unique_ptr<Method> UdmlOptions::make() const { return std::make_unique<methods::Udml>(*this); }

}  // namespace pdmp
