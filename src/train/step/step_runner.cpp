#include "train/step/step_runner.h"

#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "base/phases.h"
#include "data/loader/modality_dropout.h"
#include "pdmp/error.h"
#include "train/step/batch_device.h"
#include "train/step/finite.h"

namespace pdmp::training {

TrainOptions resolve_clip_position(TrainOptions options, const Method& method) {
  if (options.optimizer.clip_position == "auto") {
    options.optimizer.clip_position = method.clips_after_modulation() ? "after" : "before";
  }
  return options;
}

StepRunner::StepRunner(const TrainOptions& options, TrainedParts& parts, const Criterion& criterion,
                       TrainingState& state, const RunDirectory* run)
    : options_(options),
      parts_(parts),
      criterion_(criterion),
      state_(state),
      run_(run),
      device_(resolve_device(options.device)),
      precision_(resolve_precision(options.precision, device_)) {}

StepResult StepRunner::take(Batch batch, bool logging) {
  {
    const Phase phase("copy");
    batch_ = to_device(with_modality_dropout(std::move(batch)), device_);
  }
  log_.clear();
  logging_ = logging;
  parts_.optimizer->zero_grad();
  StepResult result;
  result.loss = checked_step();
  result.total = finite_value(result.loss.total);
  if (fused_.defined()) result.correct = fused_.argmax(1).eq(batch_.labels).sum().item<int64_t>();
  if (logging_) log_loss(result.loss, result.total);
  if (parts_.average) parts_.average->update(/*first=*/state_.step == 0);
  return result;
}

// A step has a stream of its own, so that a resumed run draws the same numbers without anything saved.
Batch StepRunner::with_modality_dropout(Batch batch) const {
  if (options_.modality_dropout <= 0) return batch;
  RandomStream random = random_stream(options_.seed, fmt::format("modality-dropout/{}", state_.step));
  batch.present = data::drop_modalities(batch.present, options_.modality_dropout, random);
  return batch;
}

// Where weights are not finite any more, LibTorch fails in many places, in words that do not say so. What a step does
// outside the phases below it is its loss and the method's own arithmetic.
Loss StepRunner::checked_step() {
  const Phase phase("loss");
  try {
    return parts_.method.step(*this);
  } catch (const c10::Error&) {
    const std::string cause = nonfinite_cause(parts_.weights(), *parts_.model, batch_);
    if (!cause.empty()) fail_diverged(cause, state_.step + 1);
    throw;
  }
}

double StepRunner::finite_value(const Tensor& loss) {
  const double value = loss.item<double>();
  if (std::isfinite(value)) return value;
  const std::string cause = nonfinite_cause(parts_.weights(), *parts_.model, batch_);
  fail_diverged(fmt::format("a loss of {:g}{}", std::fabs(value), cause.empty() ? "" : " and " + cause),
                state_.step + 1);
}

void StepRunner::log_loss(const Loss& loss, double total) {
  log_["loss/total"] = total;
  for (const auto& [name, part] : loss.parts) log_["loss/" + name] = part.item<double>();
  const std::vector<double> coefficients = parts_.method.coefficients();
  for (size_t m = 0; m < coefficients.size(); ++m) log_["coef/" + parts_.model->infos()[m].name] = coefficients[m];
}

void StepRunner::fail_diverged(const std::string& found, int64_t step) const {
  pdmp::training::fail_diverged(found, state_.epoch + 1, step, options_.optimizer.lr, run_);
}

// A step's loss was finite: its update made them so.
void StepRunner::expect_finite_weights() const {
  const std::string name = nonfinite_weight(parts_.weights());
  if (!name.empty()) fail_diverged("the weights " + name, state_.step);
}

Outputs StepRunner::forward() {
  const Phase phase("forward");
  const PrecisionScope scope(precision_, device_);
  Outputs outputs = parts_.method.forward(*parts_.model, batch_, Mode::train);
  to_float32(outputs);
  return outputs;
}

void StepRunner::backward(const Tensor& loss) {
  const Phase phase("backward");
  loss.backward();
}

void StepRunner::update(const Outputs& outputs) {
  if (outputs.fused.defined()) fused_ = outputs.fused.detach();
  clip("before");
  modulate(outputs);
  clip("after");
  const Phase phase("update");
  train_probes(outputs);
  parts_.optimizer->step(schedule_factor(options_.optimizer, state_.epoch, options_.epochs));
}

void StepRunner::clip(const char* position) {
  const OptimizerOptions& options = options_.optimizer;
  if (options.clip_norm <= 0 || options.clip_position != position) return;
  const Phase phase("update");
  clip_gradients(parts_.parameters(), options.clip_norm);
}

void StepRunner::modulate(const Outputs& outputs) {
  if (logging_) {
    const Phase phase("logging", Phase::Nested::included);
    log_branches(log_, *parts_.model, outputs, batch_);
    log_gradient_norms(log_, "gradnorm", *parts_.model, *parts_.optimizer, false);
  }
  {
    const Phase phase("modulation");
    parts_.method.modulate(*this, outputs);
  }
  if (!logging_) return;
  const Phase phase("logging", Phase::Nested::included);
  log_gradient_norms(log_, "gradnorm_modulated", *parts_.model, *parts_.optimizer, true);
}

// The probes' gradients come last, where clipping, logging and the method see nothing of them: without probes
// everything else would be the same.
void StepRunner::train_probes(const Outputs& outputs) {
  if (outputs.features.empty()) return;
  const Tensor loss = parts_.model->probe_loss(outputs.features, batch_.present, batch_.labels);
  if (loss.defined()) loss.backward();
}

void StepRunner::scale(const std::vector<Tensor>& parameters, double c) {
  if (!std::isfinite(c)) {
    ++nonfinite_coefficients_;
    log_["modulation.nonfinite"] = static_cast<double>(nonfinite_coefficients_);
    return;
  }
  const OptimizerOptions& options = options_.optimizer;
  const bool by_rate = options.modulation == "lr" || (options.modulation == "auto" && options.adaptive());
  for (const Tensor& parameter : parameters) {
    if (!parameter.grad().defined()) continue;
    if (by_rate) {
      parts_.optimizer->scale_next_step(parameter, c);
    } else {
      parameter.mutable_grad().mul_(c);
    }
  }
}

}  // namespace pdmp::training
