// The training loop, and what it leaves behind. Knows no method by name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/method.h"
#include "pdmp/model.h"
#include "pdmp/optimizer.h"

namespace pdmp {

struct TrainOptions {
  int64_t epochs = 100;
  int64_t batch_size = 64;
  int64_t accumulate = 1;          // batches of that size in one optimizer step
  uint64_t seed = 0;               // of every random stream
  int64_t workers = 1;             // decoding threads
  int64_t threads = 0;             // LibTorch's; 0 = all cores
  std::string device = "cpu";      // cpu | cuda
  std::string precision = "auto";  // auto | fp32 | bf16
  // auto (best_val where there is a validation split) | last | best_val | best_test (as many papers do; too good)
  std::string select = "auto";
  std::string select_metric = "accuracy";  // row of the table of metrics: what epochs are compared by
  std::string sampler = "uniform";  // uniform: every sample once an epoch | balanced: classes alike, with replacement
  double ema = 0;                   // decay of an average of the weights, updated after every step; 0 = none
  double modality_dropout = 0;  // probability that a training sample goes without a modality it has; one is always left
  int64_t patience = 0;         // stop after that many epochs without a better select_metric on validation; 0 = off
  int64_t checkpoint_every = 1;  // epochs
  int64_t log_every = 20;        // steps between sampled step lines in metrics.jsonl
  std::string keep = "all";      // all | weights | best | none: what a finished run leaves in checkpoints/
  bool profile = false;          // timing.jsonl says where the time of each epoch went
  OptimizerOptions optimizer;
  void describe(OptionList& list);
  int64_t step_samples() const { return batch_size * accumulate; }  // of one optimizer step
};

// Scores of one split. Accuracies in [0, 1].
struct Evaluation {
  int64_t n = 0;
  std::map<std::string, double> scores;  // of each metric that applies (`pdmp list metrics`); NaN = undefined here
  double score(const std::string& metric) const;  // NaN also where it was not computed
  double accuracy() const { return score("accuracy"); }
  double loss() const { return score("loss"); }  // mean cross-entropy
  std::vector<double> unimodal_accuracy;         // per modality: branch within the joint model
  std::vector<double> unimodal_loss;
  std::vector<double> dependency;      // per modality: W_m of Eq. 5, mean over samples of sum_c |s_m|
  Tensor labels, predictions;          // (n) int64, in the order of the data set
  Tensor probabilities;                // (n, C) float32; undefined where they were taken batch by batch
  Tensor present;                      // (n, M) bool
  Tensor correct;                      // (n) bool: which samples were right, in histories that keep it
  std::vector<double> shares() const;  // W_m / sum W
  Tensor confusion() const;            // (C, C) int64, rows = truth: C * C numbers, made when asked for
  int64_t classes = 0;                 // C
};

// Takes what the model says of each sample batch by batch, in the order of the data set: predictions (B) int64,
// probabilities (B, C) float32. All of them together can be more than memory holds.
using PredictionSink = std::function<void(const Tensor& predictions, const Tensor& probabilities)>;

// Runs `method.forward` in evaluation mode over all of `data`. `missing`: modalities taken away from every sample;
// samples that have no other are scored all the same. Where there is a sink, probabilities go there alone.
// Error{interrupted} after Ctrl-C or SIGTERM.
Evaluation evaluate(Model& model, Method& method, const std::shared_ptr<const Dataset>& data,
                    const TrainOptions& options, const std::string& progress_label = "",
                    const std::vector<int64_t>& missing = {}, const PredictionSink& sink = {});

struct EpochRecord {
  int64_t epoch = 0;
  double train_loss = 0, train_accuracy = 0;
  std::optional<Evaluation> val;  // without predictions and probabilities
  std::optional<Evaluation> ema;  // the same of the averaged weights, with TrainOptions::ema
};

// What a training began with, as hashes: the same where weights and batches were the same.
struct Beginning {
  NameMap encoders;     // modality -> its encoder's initial weights
  std::string batches;  // the samples of the first epoch, in order
};

namespace models {
class WeightAverage;  // src/models/weights/weight_average.h
}  // namespace models
namespace train {
class RunDirectory;     // src/train/files/run_directory.h
struct TrainingInputs;  // src/train/training_inputs.h
}  // namespace train

struct FitResult {
  std::vector<EpochRecord> history;
  Beginning beginning;         // with a run directory
  int64_t selected_epoch = 0;  // 0-based; the model holds its weights afterwards, with TrainOptions::ema the averaged
  std::string selected_by;     // last | best_val | best_test
  double seconds = 0;          // of this process
  std::shared_ptr<models::WeightAverage> average;  // with TrainOptions::ema: holds the weights that were trained
};

class Trainer {
 public:
  Trainer(const TrainOptions& options, std::optional<ModalityRanking> ranking);

  // Trains `model` by `method`; test data is never looked at (`select` best_test: but for `select_on`). With a run
  // directory: metrics, timing and checkpoints go there, and a checkpoint found in it is resumed from. Throws
  // Error{interrupted} after Ctrl-C or SIGTERM, with the state saved.
  FitResult fit(std::shared_ptr<Model> model, Method& method, const TrainingData& data, train::RunDirectory* run,
                const std::string& progress_label = "");
  // Throws what `fit` would throw before the first step where the method cannot do with this model or data.
  void check(std::shared_ptr<Model> model, Method& method, const TrainingData& data);
  // How `make_model` of a method's context builds a fresh one; set where methods need it.
  std::function<std::shared_ptr<Model>()> make_model;
  // Fills the method's own parts with the weights they start from; called once, before `prepare`, where there are any.
  std::function<void(torch::nn::Module& parts)> start_parts;
  // `select` best_test: scored after each epoch in place of validation, logged as test/*. Methods never see it.
  std::shared_ptr<const Dataset> select_on;
  // Where `unimodal_model` of a method's context comes from; set where methods need it.
  std::function<std::shared_ptr<Model>(int64_t m)> unimodal_model;

 private:
  train::TrainingInputs inputs(std::shared_ptr<Model> model, Method& method, const TrainingData& data) const;

  TrainOptions options_;
  std::optional<ModalityRanking> ranking_;
};

}  // namespace pdmp
