// Predictions for rows that come one after the other: memory is that of a batch, however many there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/manifest/unlabeled_rows.h"
#include "data/types/modality_type.h"
#include "pdmp/trained_model.h"
#include "run/predict/load_run.h"

namespace pdmp::runs {

// How the cells of rows become inputs of a model.
struct RowCells {
  std::vector<data::ModalityEntry> entries;  // one a modality of the model, in its order
  std::filesystem::path directory;           // relative paths start here
  std::vector<data::FileLimits> limits;      // per modality: where its files may lie, and what they may cost
};

// Error{usage} where the model knows no way from a cell to a tensor.
void expect_entries(const LoadedRun& run);

// Zeros in the modalities' shapes, none of them present.
Sample absent_sample(const std::vector<ModalityInfo>& modalities);

// The model's logits of a batch, (B, C) float32 on the CPU, under the precision of the run.
Tensor logits_of(const LoadedRun& run, const Batch& batch);

// `probabilities`: (C) float32 on the CPU. Those that are not finite are a problem.
Prediction prediction_of(std::string id, const Tensor& probabilities);

// A row without a prediction has the reason: what does not decode, or another shape than the model's; a modality that
// every training sample had and the row lacks, unless `allow_missing`; no modality at all.
class RowPredictor {
 public:
  using Sink = TrainedModel::RowSink;

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
