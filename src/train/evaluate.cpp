// Scoring a split: every sample, evaluation mode, no gradients.
#include <cmath>

#include "base/progress.h"
#include "base/signal.h"
#include "metrics/classification.h"
#include "metrics/dependency.h"
#include "models/evaluation_mode.h"
#include "pdmp/trainer.h"
#include "train/batch_device.h"
#include "train/finite.h"
#include "train/precision.h"

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

// Sums over samples, so that the size of the last batch does not matter.
struct Sums {
  const Dataset& data;
  double loss = 0;
  std::vector<double> unimodal_loss, dependency;
  std::vector<int64_t> unimodal_correct;
  std::vector<Tensor> predictions, probabilities, labels, present, highest, right;
  const PredictionSink& sink;

  Sums(const Dataset& scored, size_t modalities, const PredictionSink& taker)
      : data(scored), unimodal_loss(modalities), dependency(modalities), unimodal_correct(modalities), sink(taker) {}

  void add(const Outputs& outputs, const Batch& batch) {
    const Tensor& truth = batch.labels;
    const auto sum = CrossEntropyFuncOptions().reduction(torch::kSum);
    const Tensor fused = outputs.fused.to(torch::kFloat32);
    const double of_batch = cross_entropy(fused, truth, sum).item<double>();
    if (!std::isfinite(of_batch)) throw NotFinite(of_batch, data.id(first_nonfinite(fused, batch)));
    loss += of_batch;
    predictions.push_back(fused.argmax(1).cpu());
    labels.push_back(truth.cpu());
    add_probabilities(fused.softmax(1).cpu());
    present.push_back(batch.present.cpu());
    const double n = static_cast<double>(truth.size(0));
    const std::vector<double> weights = dependency_sums(outputs.unimodal);
    for (size_t m = 0; m < outputs.unimodal.size(); ++m) {
      const Tensor logits = outputs.unimodal[m].to(torch::kFloat32);
      unimodal_loss[m] += cross_entropy(logits, truth, sum).item<double>();
      unimodal_correct[m] += logits.argmax(1).eq(truth).sum().item<int64_t>();
      dependency[m] += weights[m] * n;
    }
  }

  void add_probabilities(const Tensor& values) {
    const Confidences confidences = confidences_of(values, labels.back());
    highest.push_back(confidences.highest);
    right.push_back(confidences.right);
    if (sink) {
      sink(predictions.back(), values);
    } else {
      probabilities.push_back(values);
    }
  }

  Evaluation finish(int64_t classes) const {
    Evaluation result;
    result.classes = classes;
    result.labels = torch::cat(labels);
    result.predictions = torch::cat(predictions);
    if (!sink) result.probabilities = torch::cat(probabilities);
    result.present = torch::cat(present);
    result.n = result.labels.size(0);
    const double n = static_cast<double>(result.n);
    result.loss = loss / n;
    const ClassCounts counts(result.labels, result.predictions, classes);
    result.accuracy = accuracy(counts);
    result.macro_f1 = macro_f1(counts);
    result.calibration_error = calibration_error({torch::cat(highest), torch::cat(right)});
    for (size_t m = 0; m < dependency.size(); ++m) {
      result.unimodal_accuracy.push_back(static_cast<double>(unimodal_correct[m]) / n);
      result.unimodal_loss.push_back(unimodal_loss[m] / n);
      result.dependency.push_back(dependency[m] / n);
    }
    return result;
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

Tensor Evaluation::confusion() const { return confusion_matrix(labels, predictions, classes); }

Evaluation evaluate(Model& model, Method& method, const std::shared_ptr<const Dataset>& data,
                    const TrainOptions& options, const std::string& progress_label, const std::vector<int64_t>& missing,
                    const PredictionSink& sink) {
  const torch::NoGradGuard no_gradients;
  const EvaluationMode mode(model);
  const torch::Device device = resolve_device(options.device);
  const Precision precision = resolve_precision(options.precision, device);
  Loader loader(data, {.batch_size = options.batch_size, .workers = options.workers});
  loader.start_epoch(0);
  Progress progress(progress_label, loader.batches(), "batch");
  Sums sums(*data, static_cast<size_t>(model.modalities()), sink);
  while (std::optional<Batch> batch = loader.next()) {
    stop_if_interrupted("stopped while scoring; nothing was written");
    const Batch here = to_device(without(std::move(*batch), missing), device);
    const PrecisionScope scope(precision, device);
    sums.add(method.forward(model, here, Mode::evaluate), here);
    progress.advance();
  }
  return sums.finish(model.classes());
}

}  // namespace pdmp
