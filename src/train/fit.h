// One call of Trainer::fit: the loop, and the contexts methods see.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "pdmp/trainer.h"
#include "train/best_epoch.h"
#include "train/precision.h"
#include "train/run_directory.h"
#include "train/step_log.h"
#include "train/weight_average.h"

namespace pdmp {

struct FitInputs {
  TrainOptions options;
  std::optional<ModalityRanking> ranking;
  std::shared_ptr<Model> model;
  Method& method;
  TrainingData data;                         // test is null
  RunDirectory* run = nullptr;               // null: nothing is written
  std::string label = {};                    // of the progress bar; empty: none
  std::shared_ptr<const Dataset> select_on;  // scored instead of validation; null: validation
  bool keep_correct = false;                 // the history keeps Evaluation::correct
  std::function<std::shared_ptr<Model>()> make_model;
  std::function<std::shared_ptr<Model>(int64_t m)> unimodal_model;
  std::function<void(torch::nn::Module& parts)> start_parts = {};
};

// How the batches of train are made.
LoaderOptions training_loader(const TrainOptions& options);

class Fit final : public StepContext, public EpochContext {
 public:
  explicit Fit(FitInputs inputs);
  FitResult run();
  void check();  // what `run` does before the first step

  // `run` in pieces, for who has the batches: begin; until finished begin_epoch, train_step with each batch of
  // train from batch_in_epoch on, finish_epoch; finish.
  void begin();
  bool finished() const;
  void begin_epoch();
  int64_t batch_in_epoch() const { return batch_in_epoch_; }
  void train_step(Batch batch);
  void finish_epoch(double train_seconds, double data_wait_seconds);  // scores and saves
  FitResult finish();
  const std::vector<EpochRecord>& history() const { return history_; }
  void checkpoint();
  [[noreturn]] void stop_for_interrupt();  // saves and throws Error{interrupted}

  // StepContext and EpochContext
  Model& model() override { return *in_.model; }
  int64_t epoch() const override { return epoch_; }
  int64_t epochs() const override { return in_.options.epochs; }
  RandomStream& random() override { return random_; }
  const Batch& batch() const override { return batch_; }
  int64_t step() const override { return step_; }
  bool logging() const override { return logging_; }
  StepLog& log() override { return log_; }
  const Criterion& criterion() const override { return criterion_; }
  Outputs forward() override;
  void backward(const Tensor& loss) override;
  void update(const Outputs& outputs) override;
  Optimizer& optimizer() override { return *optimizer_; }
  void scale(const std::vector<Tensor>& parameters, double c) override;
  const TrainingData& data() const override { return in_.data; }
  const HeldOut& held_out() const override;
  const ModalityRanking& ranking() const override;
  std::shared_ptr<Model> make_model() override;
  std::shared_ptr<Model> unimodal_model(int64_t m) override;
  void for_each_batch(const std::shared_ptr<const Dataset>& data, const BatchUse& use) override;
  void for_each_training_batch(const std::shared_ptr<const Dataset>& data, int64_t pass, const BatchUse& use) override;
  std::unique_ptr<Optimizer> make_optimizer(std::vector<ParameterGroup> groups) override;

 private:
  void prepare_method();
  void hand_out(Loader& loader, int64_t epoch, const BatchUse& use);
  void resume(const CheckpointState& state);
  void take(const CheckpointState& state);
  void train_epoch(Loader& loader);
  Batch with_modality_dropout(Batch batch) const;
  void train_probes(const Outputs& outputs);
  Loss checked_step();
  void account(const Loss& loss);
  [[noreturn]] void fail_diverged(const std::string& found) const;
  void expect_finite_weights() const;
  Evaluation score(const std::shared_ptr<const Dataset>& data);
  void score_epoch(EpochRecord& record, const std::shared_ptr<const Dataset>& data);
  void consider_best(const Evaluation& scores);
  void write_epoch_line(const EpochRecord& record);
  CheckpointState state() const;
  Weights weights() const { return {*in_.model, parts_.get(), average_.get()}; }
  std::vector<Tensor> trained_tensors() const;
  bool selects_best() const;
  void load_best();
  int64_t micro_batch() const { return in_.options.accumulate > 1 ? in_.options.batch_size : 0; }
  std::vector<Tensor> all_parameters() const;

  FitInputs in_;
  torch::Device device_;
  Precision precision_;
  HeldOut held_out_;  // before what is made from the rest of train
  Criterion criterion_;
  RandomStream random_;
  std::shared_ptr<torch::nn::Module> parts_;  // the method's own
  std::unique_ptr<Optimizer> optimizer_;
  std::shared_ptr<WeightAverage> average_;  // with `ema`
  std::unique_ptr<Progress> progress_;

  int64_t epoch_ = 0, batch_in_epoch_ = 0, step_ = 0;
  Batch batch_;
  Tensor fused_;  // of the current step, detached
  bool logging_ = false;
  StepLog log_;
  EpochSums sums_;
  std::vector<EpochRecord> history_;
  Beginning beginning_;  // with a run directory only
  BestEpoch best_;
  std::vector<Tensor> best_weights_;  // without a run directory
  int64_t nonfinite_coefficients_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace pdmp
