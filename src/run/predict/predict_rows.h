// Predictions for rows that come one after the other: memory is that of a batch, however many there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/manifest/unlabeled_rows.h"
#include "data/types/modality_type.h"
#include "run/predict/load_run.h"

namespace pdmp::runs {

// How the cells of rows become inputs of a model.
struct RowCells {
  std::vector<data::ModalityEntry> entries;  // one a modality of the model, in its order
  std::filesystem::path directory;           // relative paths start here
  std::vector<data::FileLimits> limits;      // per modality: where its files may lie, and what they may cost
};

struct RowPrediction {
  std::string id;
  std::string problem;   // why there is no prediction; "" where there is one
  size_t best = 0;       // position of the most probable class
  Tensor probabilities;  // (C) float32, in the order of the classes
  double probability() const { return probabilities[static_cast<int64_t>(best)].item<double>(); }
};

// A row without a prediction has the reason: what does not decode, or another shape than the model's; a modality that
// every training sample had and the row lacks, unless `allow_missing`; no modality at all.
class RowPredictor {
 public:
  using Sink = std::function<void(const std::vector<RowPrediction>& batch)>;

  // The batch size, decoding threads, device and precision are those of the run's options. `label`: of a progress bar;
  // "": none. What it is given must outlive it.
  RowPredictor(const LoadedRun& run, RowCells cells, bool allow_missing, const std::string& label, Sink sink);

  // `sink` gets predictions in the order of the rows. Error{interrupted} after Ctrl-C or SIGTERM.
  void add(data::UnlabeledRow row);
  void flush();  // predicts the rows that wait for a batch to fill

  int64_t rows() const { return rows_; }
  int64_t failed() const { return failed_; }  // rows without a prediction

 private:
  Sample load(data::UnlabeledRow& row) const;
  std::string missing_problem(const data::UnlabeledRow& row) const;
  Tensor probabilities_of(const std::vector<Sample>& samples) const;

  const LoadedRun& run_;
  RowCells cells_;
  std::vector<std::unique_ptr<data::ModalityType>> types_;
  bool allow_missing_;
  Progress progress_;
  Sink sink_;
  std::vector<data::UnlabeledRow> waiting_;
  int64_t rows_ = 0, failed_ = 0;
};

}  // namespace pdmp::runs
