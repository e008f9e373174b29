// The training loop and its results. It works with any Method and knows none by name.
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

// Options of a training. Flags of the same names, with '-' for '_'.
struct TrainOptions {
  int64_t epochs = 100;            // passes over the training data, at least 1
  int64_t batch_size = 64;         // samples that go through the encoders at a time, at least 1
  int64_t accumulate = 1;          // batches of that size in one optimizer step, at least 1
  uint64_t seed = 0;               // of every random stream
  int64_t workers = 1;             // threads that decode samples, in [0, 256]; 0: the training thread does
  int64_t threads = 0;             // of LibTorch, in [0, 1024]; 0: one per core
  std::string device = "cpu";      // cpu | cuda
  std::string precision = "auto";  // fp32 | bf16; auto: bf16 where the CPU has it and a trial finds it faster
  // Epoch whose weights are used: last | best_val | best_test (by the test split, as many papers do, which makes test
  // scores too good); auto: best_val where there is a validation split, else last.
  std::string select = "auto";
  std::string select_metric = "accuracy";  // metric by which epochs, modalities and methods are compared
  std::string sampler = "uniform";         // uniform: every sample once an epoch | balanced: LoaderOptions::balanced
  double ema = 0;                // decay of a moving average of the weights, updated each step, in [0, 1); 0: none
  double modality_dropout = 0;   // probability that a training sample loses a modality, never its last one; in [0, 1)
  int64_t patience = 0;          // stop after that many epochs without a better select_metric on validation; 0: never
  int64_t checkpoint_every = 1;  // epochs between checkpoints, at least 1
  int64_t log_every = 20;        // steps between sampled steps in metrics.jsonl, at least 1
  std::string keep = "all";      // what a finished run keeps in checkpoints/: all | weights | best | none
  bool profile = false;          // write seconds of the phases of each epoch to timing.jsonl
  OptimizerOptions optimizer = {};  // optimizer, schedule, clipping and loss
  void describe(OptionList& list);
  int64_t step_samples() const { return batch_size * accumulate; }  // samples in one optimizer step
};

// Scores of one split. Accuracies are in [0, 1]. M is the number of modalities, C that of classes.
struct Evaluation {
  int64_t n = 0;                                         // samples
  std::map<std::string, double> scores;                  // of each metric that applies; NaN: undefined here
  double score(const std::string& metric) const;         // by name; NaN also where it was not computed
  double accuracy() const { return score("accuracy"); }  // share of correctly classified samples
  double loss() const { return score("loss"); }          // mean cross-entropy
  std::vector<double> unimodal_accuracy;                 // per modality: of its unimodal logits in this model
  std::vector<double> unimodal_loss;                     // per modality: their mean cross-entropy
  std::vector<double> dependency;      // per modality: W_m of Eq. 5 of PDMP, mean over samples of sum_c |s_m|
  Tensor labels, predictions;          // (n) int64, in the order of the data set
  Tensor probabilities;                // (n, C) float32; undefined where a PredictionSink took them
  Tensor present;                      // (n, M) bool
  Tensor correct;                      // (n) bool; undefined except in the histories of a modality analysis
  std::vector<double> shares() const;  // per modality: W_m / sum W
  Tensor confusion() const;            // (C, C) int64, rows are the true classes; computed by each call
  int64_t classes = 0;                 // C
};

// Takes the predictions of a split batch by batch, in the order of the data set: predictions (B) int64, probabilities
// (B, C) float32. Use it where all of them together do not fit into memory.
using PredictionSink = std::function<void(const Tensor& predictions, const Tensor& probabilities)>;

// Scores all samples of `data` by `method.forward` in evaluation mode. `missing`: positions of modalities that are
// taken away from every sample; samples without any other are scored, too. With `sink` probabilities go there only. An
// empty `progress_label` reports no progress. Error{interrupted} after Ctrl-C, SIGTERM or CancelToken.
Evaluation evaluate(Model& model, Method& method, const std::shared_ptr<const Dataset>& data,
                    const TrainOptions& options, const std::string& progress_label = "",
                    const std::vector<int64_t>& missing = {}, const PredictionSink& sink = {});

// Scores of one epoch.
struct EpochRecord {
  int64_t epoch = 0;                          // 0-based
  double train_loss = 0, train_accuracy = 0;  // means over the samples of the epoch, as they were trained on
  std::optional<Evaluation> val;  // on validation (best_test: on test), without predictions and probabilities
  std::optional<Evaluation> ema;  // the same of the averaged weights, with TrainOptions::ema
};

// SHA-256 hashes of what a training began with, to tell whether two trainings began alike.
struct Beginning {
  NameMap encoders;     // modality -> hash of the initial weights of its encoder
  std::string batches;  // hash of the samples of the first epoch, in order
};

namespace models {
class WeightAverage;  // src/models/weights/weight_average.h
}  // namespace models
// The result of a training; the model holds the selected weights.
struct FitResult {
  std::vector<EpochRecord> history;  // one per epoch, in order
  Beginning beginning;               // empty without a run directory, as of Trainer::fit
  int64_t selected_epoch = 0;        // 0-based; with TrainOptions::ema the model holds the averaged weights of it
  std::string selected_by;           // last | best_val | best_test
  double seconds = 0;                // in this process, scoring included
  std::shared_ptr<models::WeightAverage> average;  // with TrainOptions::ema: holds the weights as trained; else null
};

// Trains models in memory. The functions it holds are called from the thread of `fit`.
class Trainer {
 public:
  // `ranking`: for methods that need one (Method::needs_ranking).
  Trainer(const TrainOptions& options, std::optional<ModalityRanking> ranking);

  // Trains `model` by `method` and reports under `label` (empty: no progress). Waits for other trainings of this
  // process; LibTorch's number of threads and random generator are restored afterwards. `data.test` is not used.
  // Nothing is written. Error{usage}, {data} where options, method, model and data do not fit, {data} where the
  // training diverges, {interrupted} where the caller cancels.
  FitResult fit(std::shared_ptr<Model> model, Method& method, const TrainingData& data, const std::string& label = "");
  // Throws what `fit` would throw before the first step.
  void check(std::shared_ptr<Model> model, Method& method, const TrainingData& data);
  // Makes the models for EpochContext::make_model. Set it where methods need them.
  std::function<std::shared_ptr<Model>()> make_model;
  // Gives the training batches, instead of a Loader of `train`: that at the 0-based `position` of the epoch, or nothing
  // at its end. Batch::index must be positions in `train`. A training that is resumed may begin at a later position.
  std::function<std::optional<Batch>(int64_t epoch, int64_t position)> batches;
  // Sets the initial weights of the method's own parts (Method::extend); called once, before Method::prepare.
  std::function<void(torch::nn::Module& parts)> start_parts;
  // With `select` best_test: the split that is scored after each epoch instead of validation, logged as test/*. Methods
  // never see it.
  std::shared_ptr<const Dataset> select_on;
  // Gives the models for EpochContext::unimodal_model. Set it where methods need them.
  std::function<std::shared_ptr<Model>(int64_t m)> unimodal_model;

  const TrainOptions& options() const { return options_; }                    // given at construction
  const std::optional<ModalityRanking>& ranking() const { return ranking_; }  // given at construction

 private:
  TrainOptions options_;
  std::optional<ModalityRanking> ranking_;
};

}  // namespace pdmp
