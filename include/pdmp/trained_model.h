// A trained model for use: scores of labeled samples, predictions of new ones. It needs its run directory, not the data
// set it was trained on.
//
//   pdmp::TrainedModel model = pdmp::load("runs/first");
//   pdmp::Prediction answer = model.predict({{"picture", "cat.png"}, {"speech", "meow.ogg"}});
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/run.h"
#include "pdmp/trainer.h"

namespace pdmp {

namespace runs {
struct LoadedRun;  // src/run/predict/load_run.h
}  // namespace runs

// The prediction for one sample.
struct Prediction {
  std::string id;                    // of the sample
  std::string problem;               // one line: why there is no prediction; empty where there is one
  size_t best = 0;                   // position of the most probable class in TrainedModel::classes()
  std::vector<float> probabilities;  // of each class, in their order; they sum to 1. Empty where nothing was computed
  double probability() const { return problem.empty() ? static_cast<double>(probabilities[best]) : 0; }  // of `best`
};

// How a loaded model reads files and computes. Without a value an option is that of the training.
struct LoadOptions {
  std::optional<int64_t> workers = {};          // TrainOptions::workers
  std::optional<int64_t> batch_size = {};       // samples at a time, at least 1
  std::optional<std::string> device = {};       // cpu | cuda
  std::string cache = {};                       // folder of the cache of decoded samples; empty: no cache
  double cache_gib = DataOptions().cache_gib;   // largest size of the cache, in GiB
  std::optional<int64_t> max_file_mib = {};     // FileOptions::max_file_mib
  std::optional<double> max_file_seconds = {};  // FileOptions::max_file_seconds
  std::optional<std::string> media = {};        // FileOptions::media
  bool untrusted = false;                       // true: as FileOptions::untrusted, whatever the training had
};

// Options of TrainedModel::evaluate.
struct EvaluateOptions {
  std::vector<std::string> missing = {};  // names of modalities to take away from every sample; not all of them
  PredictionSink sink = {};               // takes the predictions; Evaluation::probabilities is then undefined
  std::string label = {};                 // of the progress reports; empty: there are none
};

// Samples without labels, for TrainedModel::predict_rows.
struct RowRequest {
  std::string data = {};                // a table .csv, JSON lines .jsonl, a folder of media, a data set, or "-": JSON
                                        // lines on standard input
  std::string split = {};               // of a data set: train | val | test; empty or "all": every row
  std::vector<std::string> roots = {};  // more folders in which the files of rows may lie
  bool allow_missing = false;           // also predict rows without a modality that every training sample had
  std::string label = {};               // of the progress reports; empty: there are none
};

// How many rows were read.
struct RowCount {
  int64_t rows = 0, failed = 0;  // in all, and without a prediction
};

// A trained model with its selected weights. Copies share it. One model may be used by one thread at a time; different
// models may be used in different threads. LibTorch's number of threads is the caller's; options().train.threads has
// that of the training, where 0 is one per core.
class TrainedModel {
 public:
  explicit TrainedModel(std::shared_ptr<runs::LoadedRun> run) : run_(std::move(run)) {}  // internal: use load()

  const std::vector<std::string>& classes() const;      // names, in the order of the logits
  const std::vector<ModalityInfo>& modalities() const;  // M, in the order of the inputs
  const RunOptions& options() const;                    // of the training, with the changes of LoadOptions

  // The splits of the data set in `folder` (empty: that of the training) with the model's modalities. Error{usage}
  // where the training had samples in memory and no folder is given, {data} where classes or shapes are not the
  // model's.
  TrainingData data(const std::string& folder = "") const;

  // Scores by every metric that applies. Error{usage} where `missing` has an unknown modality or all of them,
  // {interrupted} where the caller cancels.
  Evaluation evaluate(const std::shared_ptr<const Dataset>& samples, const EvaluateOptions& options = {}) const;

  // Predicts one sample, given by modality: the path of a file, the text itself, or the numbers of a vector with
  // commas. Modalities left out are absent. Error{usage} for an unknown modality, or where the training had samples in
  // memory, {data} where a file cannot be decoded or has another shape.
  Prediction predict(const NameMap& cells) const;

  // Takes predictions batch by batch, in the order of the rows.
  using RowSink = std::function<void(const std::vector<Prediction>& batch)>;
  // Predicts rows in their order. Memory use is that of one batch. A row that cannot be predicted has a problem and
  // does not end the call. Error{usage}, {data}, {io} where the source as a whole cannot be read, {interrupted}.
  RowCount predict_rows(const RowRequest& request, const RowSink& sink) const;
  // Predicts samples of a data set in their order. `label`: of the progress reports; empty: there are none.
  void predict_samples(const std::shared_ptr<const Dataset>& samples, const RowSink& sink,
                       const std::string& label = "") const;

  // Logits (B, C) float32 on the CPU. inputs: M x (B, shape...) float32 (text: int64). present: (B, M) bool; undefined:
  // all are present. Error{usage} where shapes do not fit.
  Tensor logits(const std::vector<Tensor>& inputs, const Tensor& present = {}) const;

 private:
  std::shared_ptr<runs::LoadedRun> run_;
};

// Loads the selected weights of a finished run. Error{usage} where there is no run, {data} where it is not finished, is
// damaged or did not keep its weights.
TrainedModel load(const std::filesystem::path& run_directory, const LoadOptions& options = {});

}  // namespace pdmp
