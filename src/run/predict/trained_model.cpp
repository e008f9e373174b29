// A loaded run as the public interface has it.
#include "pdmp/trained_model.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/loader/modality_names.h"
#include "data/types/modality_type.h"
#include "pdmp/error.h"
#include "run/predict/load_run.h"
#include "run/predict/predict_rows.h"
#include "run/predict/row_sources.h"
#include "train/step/precision.h"

namespace pdmp {
namespace {

int64_t position_of(const std::string& modality, const std::vector<ModalityInfo>& modalities, const char* option) {
  const std::vector<std::string> names = data::modality_names(modalities);
  const auto found = std::find(names.begin(), names.end(), modality);
  if (found == names.end()) {
    throw Error(ErrorKind::usage,
                fmt::format("`{}`: the model has no modality '{}'{}", option, modality, suggestion(modality, names)));
  }
  return found - names.begin();
}

// Positions of the modalities to take away. What is left must be something.
std::vector<int64_t> taken_away(const std::vector<std::string>& missing, const std::vector<ModalityInfo>& modalities) {
  std::vector<int64_t> positions;
  for (const std::string& name : missing) {
    const int64_t position = position_of(name, modalities, "missing");
    if (std::find(positions.begin(), positions.end(), position) == positions.end()) positions.push_back(position);
  }
  if (positions.size() == modalities.size()) {
    throw Error(ErrorKind::usage,
                fmt::format("`missing`: expected to leave at least one of {}, found all of them taken away; name fewer",
                            fmt::join(data::modality_names(modalities), ", ")));
  }
  return positions;
}

}  // namespace

const std::vector<std::string>& TrainedModel::classes() const { return run_->description.classes; }

const std::vector<ModalityInfo>& TrainedModel::modalities() const { return run_->description.modalities; }

const RunOptions& TrainedModel::options() const { return run_->options; }

TrainingData TrainedModel::data(const std::string& folder) const { return runs::load_data_for(*run_, folder); }

Evaluation TrainedModel::evaluate(const std::shared_ptr<const Dataset>& samples, const EvaluateOptions& options) const {
  return pdmp::evaluate(*run_->model, *run_->method, samples, run_->options.train, options.label,
                        taken_away(options.missing, modalities()), options.sink);
}

Prediction TrainedModel::predict(const NameMap& cells) const {
  runs::expect_entries(*run_);
  const data::FileLimits limits(run_->options.data.files);  // whoever named the files may read them
  Sample sample = runs::absent_sample(modalities());
  for (const auto& [name, cell] : cells) {
    const auto m = static_cast<size_t>(position_of(name, modalities(), "input"));
    const std::vector<int64_t>& shape = modalities()[m].shape;
    const auto type = data::make_modality_type(run_->description.entries.at(m));
    sample.inputs[m] = type->load({cell, ".", std::nullopt, std::nullopt, nullptr, &limits}, nullptr);
    if (sample.inputs[m].sizes().vec() != shape) {
      throw Error(ErrorKind::data,
                  fmt::format("`input`: expected shape ({}) for '{}', found ({})", fmt::join(shape, ", "), name,
                              fmt::join(sample.inputs[m].sizes().vec(), ", ")));
    }
    sample.present[m] = true;
  }
  return runs::prediction_of("input", runs::logits_of(*run_, collate({sample}, {0})).softmax(1)[0]);
}

RowCount TrainedModel::predict_rows(const RowRequest& request, const RowSink& sink) const {
  const std::unique_ptr<runs::RowSource> source = runs::open_rows(request, *run_);
  runs::RowPredictor predictor(*run_, source->cells(), request.allow_missing, request.label, sink);
  source->read([&](data::UnlabeledRow row) { predictor.add(std::move(row)); }, [&] { predictor.flush(); });
  predictor.flush();
  return {predictor.rows(), predictor.failed()};
}

void TrainedModel::predict_samples(const std::shared_ptr<const Dataset>& samples, const RowSink& sink,
                                   const std::string& label) const {
  int64_t next = 0;
  const PredictionSink of_batch = [&](const Tensor&, const Tensor& probabilities) {
    std::vector<Prediction> batch;
    for (int64_t i = 0; i < probabilities.size(0); ++i) {
      batch.push_back(runs::prediction_of(samples->id(next++), probabilities[i]));
    }
    sink(batch);
  };
  evaluate(samples, {.missing = {}, .sink = of_batch, .label = label});
}

Tensor TrainedModel::logits(const std::vector<Tensor>& inputs, const Tensor& present) const {
  if (inputs.size() != modalities().size() || inputs[0].dim() == 0) {
    throw Error(ErrorKind::usage, fmt::format("logits: expected a batch of each of {}, found {} tensors",
                                              fmt::join(data::modality_names(modalities()), ", "), inputs.size()));
  }
  Batch batch;
  batch.inputs = inputs;
  for (size_t m = 0; m < inputs.size(); ++m) {
    std::vector<int64_t> expected = {inputs[0].size(0)};
    expected.insert(expected.end(), modalities()[m].shape.begin(), modalities()[m].shape.end());
    if (inputs[m].sizes().vec() != expected) {
      throw Error(ErrorKind::usage,
                  fmt::format("logits: expected shape ({}) for '{}', found ({})", fmt::join(expected, ", "),
                              modalities()[m].name, fmt::join(inputs[m].sizes().vec(), ", ")));
    }
  }
  const std::vector<int64_t> all = {inputs[0].size(0), static_cast<int64_t>(inputs.size())};
  batch.present = present.defined() ? present : at::ones(all, torch::kBool);
  batch.labels = at::zeros({all[0]}, torch::kInt64);
  return runs::logits_of(*run_, batch);
}

TrainedModel load(const std::filesystem::path& run_directory, const LoadOptions& options) {
  auto run = std::make_shared<runs::LoadedRun>(runs::load_run(run_directory));
  DataOptions& data = run->options.data;
  data.cache = options.cache;
  data.cache_gib = options.cache_gib;
  data.files.max_file_mib = options.max_file_mib.value_or(data.files.max_file_mib);
  data.files.max_file_seconds = options.max_file_seconds.value_or(data.files.max_file_seconds);
  data.files.media = options.media.value_or(data.files.media);
  data.files.untrusted = data.files.untrusted || options.untrusted;
  TrainOptions& train = run->options.train;
  train.workers = options.workers.value_or(train.workers);
  train.batch_size = options.batch_size.value_or(train.batch_size);
  train.device = options.device.value_or(train.device);
  const torch::Device device = training::resolve_device(train.device);
  run->model->to(device);
  if (run->method_parts) run->method_parts->to(device);
  return TrainedModel(std::move(run));
}

}  // namespace pdmp
