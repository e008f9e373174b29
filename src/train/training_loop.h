// One training: epochs of steps, scored, recorded and saved.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/phases.h"
#include "base/progress.h"
#include "train/best_weights.h"
#include "train/method_services.h"
#include "train/recorder.h"
#include "train/step/step_runner.h"
#include "train/step/training_state.h"
#include "train/training_inputs.h"

namespace pdmp::training {

class TrainingLoop {
 public:
  explicit TrainingLoop(TrainingInputs inputs);
  FitResult run();
  void check();  // what `run` does before the first step

  // `run` in pieces, for who has the batches: begin; until finished begin_epoch, train_step with each batch of
  // train from batch_in_epoch on, finish_epoch; finish.
  void begin();
  bool finished() const;
  void begin_epoch();
  void train_step(Batch batch);
  void finish_epoch(double train_seconds, double data_wait_seconds);  // scores and saves
  FitResult finish();
  void checkpoint();
  [[noreturn]] void stop_for_interrupt();  // saves and throws Error{interrupted}

  Model& model() { return *parts_.model; }
  int64_t epoch() const { return state_.epoch; }
  int64_t batch_in_epoch() const { return state_.batch; }
  const std::vector<EpochRecord>& history() const { return state_.history; }

 private:
  void prepare_method();
  void resume(const CheckpointState& saved);
  void train_epoch(Loader& loader);
  std::optional<Batch> next_batch(Loader& loader);
  void account(const StepResult& result);
  void score_epoch(EpochRecord& record, const std::shared_ptr<const Dataset>& data);
  Evaluation score(const std::shared_ptr<const Dataset>& data);
  bool selects_best() const;
  void record_epoch(const EpochRecord& record);
  void record_timing(double train_seconds, double evaluation_seconds, double data_wait_seconds);
  std::string place() const;  // "epoch 2 of 5, step 130"

  TrainingInputs in_;
  HeldOut held_out_;  // before what is made from the rest of train
  Criterion criterion_;
  TrainingState state_;
  TrainedParts parts_;
  StepRunner runner_;
  MethodServices services_;
  BestWeights best_;
  std::optional<RunRecorder> run_recorder_;  // with a run directory
  std::vector<Recorder*> recorders_;
  std::unique_ptr<PhaseTimes> phases_;  // with --profile
  std::unique_ptr<Progress> progress_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace pdmp::training
