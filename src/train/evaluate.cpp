// Scoring a split: every sample, evaluation mode, no gradients.
#include <cmath>
#include <limits>
#include <torch/nn/functional/loss.h>
#include <utility>

#include "base/progress.h"
#include "base/signal.h"
#include "metrics/dependency.h"
#include "metrics/metric.h"
#include "models/layers/evaluation_mode.h"
#include "pdmp/trainer.h"
#include "train/step/batch_device.h"
#include "train/step/finite.h"
#include "train/step/precision.h"

namespace pdmp {

namespace {

using torch::nn::functional::cross_entropy;
using torch::nn::functional::CrossEntropyFuncOptions;

// Position in the data set of the first sample whose loss is not finite.
int64_t first_nonfinite(const Tensor& logits, const Batch& batch) {
  const Tensor loss = cross_entropy(logits, batch.labels, CrossEntropyFuncOptions().reduction(torch::kNone));
  const Tensor rows = loss.isfinite().logical_not().nonzero().cpu();  // none where only their sum overflows
  return batch.index[rows.size(0) == 0 ? 0 : rows[0][0].item<int64_t>()].item<int64_t>();
}

// Sums over samples, so that the size of the last batch does not matter, and what is kept of each. That is allocated
// once: small tensors kept from each batch would lie in the holes that large ones of the batch leave, and the heap
// would grow by a batch's probabilities each time.
struct Sums {
  const Dataset& data;
  Evaluation result;
  metrics::Scoring scoring;
  std::vector<int64_t> unimodal_correct;
  int64_t next = 0;  // sample
  const PredictionSink& sink;

  Sums(const Dataset& scored, const Model& model, const PredictionSink& taker)
      : data(scored),
        scoring({.samples = scored.size(), .classes = model.classes(), .live = scored.live_class()}),
        unimodal_correct(static_cast<size_t>(model.modalities())),
        sink(taker) {
    const int64_t samples = scored.size();
    result.n = samples;
    result.classes = model.classes();
    result.unimodal_loss.resize(unimodal_correct.size());
    result.dependency.resize(unimodal_correct.size());
    result.labels = torch::empty({samples}, torch::kInt64);
    result.predictions = torch::empty({samples}, torch::kInt64);
    result.present = torch::empty({samples, model.modalities()}, torch::kBool);
    if (!sink) result.probabilities = torch::empty({samples, model.classes()}, torch::kFloat32);
  }

  void add(const Outputs& outputs, const Batch& batch) {
    const Tensor& truth = batch.labels;
    const auto sum = CrossEntropyFuncOptions().reduction(torch::kSum);
    const Tensor fused = outputs.fused.to(torch::kFloat32);
    const double of_batch = cross_entropy(fused, truth, sum).item<double>();
    if (!std::isfinite(of_batch)) throw training::NotFinite(of_batch, data.id(first_nonfinite(fused, batch)));
    keep(result.predictions, fused.argmax(1));
    keep(result.labels, truth);
    keep(result.present, batch.present);
    add_probabilities(fused.softmax(1).cpu(), of_batch);
    const double n = static_cast<double>(truth.size(0));
    const std::vector<double> weights = metrics::dependency_sums(outputs.unimodal);
    for (size_t m = 0; m < outputs.unimodal.size(); ++m) {
      const Tensor logits = outputs.unimodal[m].to(torch::kFloat32);
      result.unimodal_loss[m] += cross_entropy(logits, truth, sum).item<double>();
      unimodal_correct[m] += logits.argmax(1).eq(truth).sum().item<int64_t>();
      result.dependency[m] += weights[m] * n;
    }
    next += truth.size(0);
  }

  // The rows of this batch.
  void keep(const Tensor& all, const Tensor& rows) const { all.narrow(0, next, rows.size(0)).copy_(rows); }

  // `values`: (B, C) of the samples of this batch.
  void add_probabilities(const Tensor& values, double loss) {
    const int64_t rows = values.size(0);
    const Tensor predictions = result.predictions.narrow(0, next, rows);
    scoring.add({result.labels.narrow(0, next, rows), predictions, values, loss});
    if (sink) {
      sink(predictions, values);
    } else {
      keep(result.probabilities, values);
    }
  }

  Evaluation finish() {
    const double n = static_cast<double>(result.n);
    result.scores = scoring.scores();
    for (size_t m = 0; m < unimodal_correct.size(); ++m) {
      result.unimodal_accuracy.push_back(static_cast<double>(unimodal_correct[m]) / n);
      result.unimodal_loss[m] /= n;
      result.dependency[m] /= n;
    }
    return std::move(result);
  }
};

Batch without(Batch batch, const std::vector<int64_t>& missing) {
  if (missing.empty()) return batch;
  batch.present = batch.present.clone();
  for (const int64_t m : missing) batch.present.select(1, m).fill_(false);
  return batch;
}

}  // namespace

std::vector<double> Evaluation::shares() const {
  double total = 0;
  for (double w : dependency) total += w;
  std::vector<double> shares;
  for (double w : dependency) shares.push_back(w / (total + 1e-8));
  return shares;
}

double Evaluation::score(const std::string& metric) const {
  const auto found = scores.find(metric);
  return found == scores.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

Tensor Evaluation::confusion() const { return metrics::confusion_matrix(labels, predictions, classes); }

Evaluation evaluate(Model& model, Method& method, const std::shared_ptr<const Dataset>& data,
                    const TrainOptions& options, const std::string& progress_label, const std::vector<int64_t>& missing,
                    const PredictionSink& sink) {
  const torch::NoGradGuard no_gradients;
  const models::EvaluationMode mode(model);
  const torch::Device device = training::resolve_device(options.device);
  const training::Precision precision = training::resolve_precision(options.precision, device);
  Loader loader(data, {.batch_size = options.batch_size, .workers = options.workers});
  loader.start_epoch(0);
  Progress progress(progress_label, loader.batches(), "batch");
  Sums sums(*data, model, sink);
  while (std::optional<Batch> batch = loader.next()) {
    stop_if_interrupted("stopped while scoring; nothing was written");
    const Batch here = training::to_device(without(std::move(*batch), missing), device);
    const training::PrecisionScope scope(precision, device);
    sums.add(method.forward(model, here, Mode::evaluate), here);
    progress.advance();
  }
  return sums.finish();
}

}  // namespace pdmp
