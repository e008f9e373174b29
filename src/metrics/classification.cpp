#include "metrics/classification.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pdmp/error.h"

namespace pdmp {
namespace {

// Per class: hits, and how often it is in truth or prediction (TP + FN + TP + FP).
struct Counts {
  Tensor hits, mentions;  // (C) float64
};

Counts counts_of(const Tensor& confusion) {
  const Tensor counts = confusion.to(torch::kCPU, torch::kFloat64);
  return {counts.diagonal().contiguous(), counts.sum(0) + counts.sum(1)};
}

void check_classes(const Tensor& values, const char* what, int64_t classes) {
  const Tensor bad = (values < 0).logical_or(values >= classes);
  if (!bad.any().item<bool>()) return;
  throw Error(ErrorKind::data, fmt::format("confusion matrix: expected {} in [0, {}), found {}", what, classes,
                                           values.masked_select(bad)[0].item<int64_t>()));
}

}  // namespace

Tensor confusion_matrix(const Tensor& labels, const Tensor& predictions, int64_t classes) {
  if (labels.dim() != 1 || labels.sizes() != predictions.sizes()) {
    throw Error(ErrorKind::data, fmt::format("confusion matrix: expected one prediction per label, found ({}) and ({})",
                                             fmt::join(labels.sizes(), ", "), fmt::join(predictions.sizes(), ", ")));
  }
  const Tensor truth = labels.to(torch::kCPU, torch::kInt64), guess = predictions.to(torch::kCPU, torch::kInt64);
  check_classes(truth, "labels", classes);
  check_classes(guess, "predictions", classes);
  return torch::bincount(truth * classes + guess, {}, classes * classes).view({classes, classes});
}

double accuracy(const Tensor& confusion) {
  const auto total = confusion.sum().item<double>();
  return total == 0 ? 0 : confusion.trace().item<double>() / total;
}

std::vector<double> class_f1(const Tensor& confusion) {
  const Counts counts = counts_of(confusion);
  const Tensor f1 = torch::where(counts.mentions > 0, 2 * counts.hits / counts.mentions.clamp_min(1), 0.0);
  const Tensor values = f1.to(torch::kFloat64).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

double macro_f1(const Tensor& confusion) {
  const std::vector<double> f1 = class_f1(confusion);
  const Tensor mentions = counts_of(confusion).mentions;
  double sum = 0;
  int64_t present = 0;
  for (size_t c = 0; c < f1.size(); ++c) {
    if (mentions[static_cast<int64_t>(c)].item<double>() == 0) continue;
    sum += f1[c];
    ++present;
  }
  return present == 0 ? 0 : sum / static_cast<double>(present);
}

double macro_f1_all_classes(const Tensor& confusion) {
  double sum = 0;
  for (const double f1 : class_f1(confusion)) sum += f1;
  return confusion.size(0) == 0 ? 0 : sum / static_cast<double>(confusion.size(0));
}

double apcer(const Tensor& confusion, int64_t live) {
  const Tensor counts = confusion.to(torch::kCPU, torch::kFloat64);
  const auto attacks = (counts.sum() - counts[live].sum()).item<double>();
  const auto called_live = (counts.select(1, live).sum() - counts[live][live]).item<double>();
  return attacks == 0 ? 0 : called_live / attacks;
}

double bpcer(const Tensor& confusion, int64_t live) {
  const Tensor counts = confusion.to(torch::kCPU, torch::kFloat64)[live];
  const auto truly_live = counts.sum().item<double>();
  return truly_live == 0 ? 0 : 1 - counts[live].item<double>() / truly_live;
}

double acer(const Tensor& confusion, int64_t live) { return (apcer(confusion, live) + bpcer(confusion, live)) / 2; }

double calibration_error(const Tensor& probabilities, const Tensor& labels, int64_t bins) {
  if (labels.size(0) == 0) return 0;
  const auto [highest, guess] = probabilities.to(torch::kCPU, torch::kFloat64).max(1);
  const Tensor bin = (highest * static_cast<double>(bins)).ceil().sub(1).clamp(0, static_cast<double>(bins - 1));
  const Tensor gap = guess.eq(labels.to(torch::kCPU)).to(torch::kFloat64) - highest;
  // Per bin: |hits - sum of probabilities|, which is its share of the samples times its gap.
  const Tensor sums = torch::zeros({bins}, torch::kFloat64).index_add_(0, bin.to(torch::kInt64), gap);
  return sums.abs().sum().item<double>() / static_cast<double>(labels.size(0));
}

}  // namespace pdmp
