// One optimizer step of any method: forward, loss, backward, clip, modulate, clip, update.
#pragma once

#include <cstdint>
#include <string>

#include "pdmp/trainer.h"
#include "train/files/run_directory.h"
#include "train/step/precision.h"
#include "train/step/trained_parts.h"
#include "train/step/training_state.h"

namespace pdmp::training {

// `auto` is the method's own default; methods only ever see "before" or "after".
TrainOptions resolve_clip_position(TrainOptions options, const Method& method);

struct StepResult {
  Loss loss;            // without its graph
  double total = 0;     // its value; finite
  int64_t correct = 0;  // samples that the fused logits had right
};

class StepRunner : public StepContext {
 public:
  // All must outlive it; `parts` must have an optimizer before the first step. `options` with a resolved clip
  // position. `run` is named in errors; null: none.
  StepRunner(const TrainOptions& options, TrainedParts& parts, const Criterion& criterion, TrainingState& state,
             const RunDirectory* run = nullptr);

  // The step on `batch`. `logging`: `log` holds its numbers afterwards. The state's position stays where it is.
  // Error{data} in one sentence where the training diverged.
  StepResult take(Batch batch, bool logging);
  // Error{data} where a weight is not finite after the last step.
  void expect_finite_weights() const;
  // Error{data}: `found` is not finite since step `step`, from 1.
  [[noreturn]] void fail_diverged(const std::string& found, int64_t step) const;

  const torch::Device& device() const { return device_; }
  Precision precision() const { return precision_; }

  // StepContext
  Model& model() override { return *parts_.model; }
  const Batch& batch() const override { return batch_; }
  int64_t epoch() const override { return state_.epoch; }
  int64_t step() const override { return state_.step; }
  RandomStream& random() override { return state_.random; }
  bool logging() const override { return logging_; }
  StepLog& log() override { return log_; }
  const Criterion& criterion() const override { return criterion_; }
  Outputs forward() override;
  void backward(const Tensor& loss) override;
  void update(const Outputs& outputs) override;
  Optimizer& optimizer() override { return *parts_.optimizer; }
  void scale(const std::vector<Tensor>& parameters, double c) override;

 private:
  Batch with_modality_dropout(Batch batch) const;
  Loss checked_step();
  double finite_value(const Tensor& loss);
  void log_loss(const Loss& loss, double total);
  void modulate(const Outputs& outputs);
  void clip(const char* position);
  void train_probes(const Outputs& outputs);

  const TrainOptions& options_;
  TrainedParts& parts_;
  const Criterion& criterion_;
  TrainingState& state_;
  const RunDirectory* run_;
  torch::Device device_;
  Precision precision_;
  Batch batch_;
  Tensor fused_;  // of the current step, detached
  bool logging_ = false;
  StepLog log_;
  int64_t nonfinite_coefficients_ = 0;
};

}  // namespace pdmp::training
