// Decodes rows, several at a time, and predicts them batch by batch.
#include "run/predict/predict_rows.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

#include "base/signal.h"
#include "data/loader/parallel.h"
#include "data/types/modality_type.h"
#include "models/layers/evaluation_mode.h"
#include "pdmp/error.h"
#include "train/step/batch_device.h"
#include "train/step/precision.h"

namespace pdmp::runs {
namespace {

std::string placed(const data::UnlabeledRow& row, const std::string& problem) {
  return row.place.empty() ? problem : row.place + ": " + problem;
}

// (N, C)
Tensor probabilities_of(const LoadedRun& run, const std::vector<Sample>& samples) {
  std::vector<int64_t> positions(samples.size());
  std::iota(positions.begin(), positions.end(), 0);
  return logits_of(run, collate(samples, positions)).softmax(1);
}

}  // namespace

void expect_entries(const LoadedRun& run) {
  if (!run.description.entries.empty()) return;
  throw Error(ErrorKind::usage,
              "the model was trained on samples in memory and reads no files; ask it with tensors "
              "(TrainedModel::logits)");
}

Sample absent_sample(const std::vector<ModalityInfo>& modalities) {
  Sample sample;
  for (const ModalityInfo& modality : modalities) {
    sample.inputs.push_back(
        torch::zeros(modality.shape, data::holds_integers(modality.type) ? torch::kInt64 : torch::kFloat32));
    sample.present.push_back(false);
  }
  return sample;
}

Tensor logits_of(const LoadedRun& run, const Batch& batch) {
  const torch::NoGradGuard no_gradients;
  const models::EvaluationMode mode(*run.model);
  const torch::Device device = training::resolve_device(run.options.train.device);
  const Batch here = training::to_device(batch, device);
  const training::PrecisionScope scope(training::resolve_precision(run.options.train.precision, device), device);
  return run.method->forward(*run.model, here, Mode::evaluate).fused.to(torch::kFloat32).cpu();
}

Prediction prediction_of(std::string id, const Tensor& probabilities) {
  const Tensor values = probabilities.contiguous();
  const auto* data = values.const_data_ptr<float>();
  Prediction prediction{.id = std::move(id), .problem = "", .best = 0, .probabilities = {data, data + values.numel()}};
  const auto largest = std::max_element(prediction.probabilities.begin(), prediction.probabilities.end());
  prediction.best = static_cast<size_t>(largest - prediction.probabilities.begin());
  if (!std::all_of(data, data + values.numel(), [](float value) { return std::isfinite(value); })) {
    prediction.problem = "the model's answer is no finite number: an input of the row is none, or far too large";
  }
  return prediction;
}

RowPredictor::RowPredictor(const LoadedRun& run, RowCells cells, bool allow_missing, const std::string& label,
                           Sink sink)
    : run_(run),
      cells_(std::move(cells)),
      allow_missing_(allow_missing),
      progress_(label, 0, "row"),
      sink_(std::move(sink)) {
  for (const data::ModalityEntry& entry : cells_.entries) types_.push_back(data::make_modality_type(entry));
}

void RowPredictor::add(data::UnlabeledRow row) {
  ++rows_;
  waiting_.push_back(std::move(row));
  if (static_cast<int64_t>(waiting_.size()) >= run_.options.train.batch_size) flush();
}

void RowPredictor::flush() {
  stop_if_interrupted("stopped while predicting");
  if (waiting_.empty()) return;
  std::vector<Sample> loaded(waiting_.size());
  data::for_each_parallel(static_cast<int64_t>(waiting_.size()), run_.options.train.workers, progress_, [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    loaded[at] = load(waiting_[at]);
  });
  std::vector<Sample> samples;
  for (size_t i = 0; i < loaded.size(); ++i) {
    if (waiting_[i].problem.empty()) samples.push_back(std::move(loaded[i]));
  }
  const Tensor probabilities = samples.empty() ? Tensor() : probabilities_of(run_, samples);
  std::vector<Prediction> batch;
  int64_t next = 0;
  for (data::UnlabeledRow& row : waiting_) {
    Prediction prediction =
        row.problem.empty()
            ? prediction_of(row.id, probabilities[next++])
            : Prediction{.id = row.id, .problem = std::move(row.problem), .best = 0, .probabilities = {}};
    failed_ += prediction.problem.empty() ? 0 : 1;
    batch.push_back(std::move(prediction));
  }
  waiting_.clear();
  sink_(batch);
}

// Runs in several threads at once, each with a row of its own.
Sample RowPredictor::load(data::UnlabeledRow& row) const {
  if (row.problem.empty()) {
    const std::string missing = missing_problem(row);
    if (!missing.empty()) row.problem = placed(row, missing);
  }
  if (!row.problem.empty()) return {};
  const std::vector<ModalityInfo>& modalities = run_.description.modalities;
  Sample sample = absent_sample(modalities);
  for (size_t m = 0; m < modalities.size(); ++m) {
    if (row.cells[m].empty()) continue;
    try {
      const data::Cell cell{row.cells[m], cells_.directory, row.start, row.end, nullptr, &cells_.limits[m]};
      Tensor input = types_[m]->load(cell, nullptr);
      if (input.sizes() != torch::IntArrayRef(modalities[m].shape)) {
        throw Error(ErrorKind::data, fmt::format("expected shape ({}), found ({})",
                                                 fmt::join(modalities[m].shape, ", "), fmt::join(input.sizes(), ", ")));
      }
      sample.inputs[m] = std::move(input);
      sample.present[m] = true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      const std::string modality = fmt::format("modality '{}': ", modalities[m].name), message = error.what();
      row.problem = placed(row, message.starts_with(modality) ? message : modality + message);
      return {};
    }
  }
  return sample;
}

std::string RowPredictor::missing_problem(const data::UnlabeledRow& row) const {
  const ModelDescription& model = run_.description;
  std::vector<std::string> names, missing;
  for (size_t m = 0; m < model.modalities.size(); ++m) {
    names.push_back(model.modalities[m].name);
    const bool known = m >= model.lacked.size() || model.lacked[m].value_or(true);
    if (row.cells[m].empty() && !known && !allow_missing_) missing.push_back(model.modalities[m].name);
  }
  if (std::all_of(row.cells.begin(), row.cells.end(), [](const std::string& cell) { return cell.empty(); })) {
    return fmt::format("expected at least one of {}, found none", fmt::join(names, ", "));
  }
  if (missing.empty()) return "";
  return fmt::format("expected {}, which every training sample had, found nothing; give it, or add `allow-missing`",
                     fmt::join(missing, ", "));
}

}  // namespace pdmp::runs
