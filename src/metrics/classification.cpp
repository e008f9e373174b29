#include "metrics/classification.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::metrics {
namespace {

void check_classes(const Tensor& values, const char* what, int64_t classes) {
  const Tensor bad = (values < 0).logical_or(values >= classes);
  if (!bad.any().item<bool>()) return;
  throw Error(ErrorKind::data, fmt::format("confusion matrix: expected {} in [0, {}), found {}", what, classes,
                                           values.masked_select(bad)[0].item<int64_t>()));
}

// Labels and predictions as class numbers on the CPU.
std::pair<Tensor, Tensor> checked(const Tensor& labels, const Tensor& predictions, int64_t classes) {
  if (labels.dim() != 1 || labels.sizes() != predictions.sizes()) {
    throw Error(ErrorKind::data, fmt::format("confusion matrix: expected one prediction per label, found ({}) and ({})",
                                             fmt::join(labels.sizes(), ", "), fmt::join(predictions.sizes(), ", ")));
  }
  const Tensor truth = labels.to(at::kCPU, at::kLong), guess = predictions.to(at::kCPU, at::kLong);
  check_classes(truth, "labels", classes);
  check_classes(guess, "predictions", classes);
  return {truth, guess};
}

// Of class `c`, as doubles: whole numbers that doubles hold.
double at(const Tensor& counts, int64_t c) { return static_cast<double>(counts[c].item<int64_t>()); }

double total_of(const Tensor& counts) { return static_cast<double>(counts.sum().item<int64_t>()); }

// How often a class is in truth or prediction (TP + FN + TP + FP).
Tensor mentions(const ClassCounts& counts) { return (counts.labels + counts.predictions).to(at::kDouble); }

}  // namespace

Tensor confusion_matrix(const Tensor& labels, const Tensor& predictions, int64_t classes) {
  const auto [truth, guess] = checked(labels, predictions, classes);
  return at::bincount(truth * classes + guess, {}, classes * classes).view({classes, classes});
}

double accuracy(const ClassCounts& counts) {
  const double total = total_of(counts.labels);
  return total == 0 ? 0 : total_of(counts.hits) / total;
}

std::vector<double> class_f1(const ClassCounts& counts) {
  const Tensor all = mentions(counts), hits = counts.hits.to(at::kDouble);
  const Tensor f1 = at::where(all > 0, 2 * hits / all.clamp_min(1), 0.0);
  const Tensor values = f1.to(at::kDouble).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

std::vector<ClassScores> class_scores(const ClassCounts& counts) {
  const auto hits = counts.hits.accessor<int64_t, 1>(), labels = counts.labels.accessor<int64_t, 1>(),
             predictions = counts.predictions.accessor<int64_t, 1>();
  const auto share = [](int64_t part, int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  const std::vector<double> f1 = class_f1(counts);
  std::vector<ClassScores> scores;
  for (size_t c = 0; c < f1.size(); ++c) {
    const auto at = static_cast<int64_t>(c);
    scores.push_back({share(hits[at], predictions[at]), share(hits[at], labels[at]), f1[c], labels[at]});
  }
  return scores;
}

double macro_f1(const ClassCounts& counts) {
  const std::vector<double> f1 = class_f1(counts);
  const Tensor all = mentions(counts);
  const auto mentioned = all.accessor<double, 1>();
  double total = 0;
  int64_t present = 0;
  for (size_t c = 0; c < f1.size(); ++c) {
    if (mentioned[static_cast<int64_t>(c)] == 0) continue;
    total += f1[c];
    ++present;
  }
  return present == 0 ? 0 : total / static_cast<double>(present);
}

double macro_f1_all_classes(const ClassCounts& counts) {
  double total = 0;
  for (const double f1 : class_f1(counts)) total += f1;
  return counts.hits.size(0) == 0 ? 0 : total / static_cast<double>(counts.hits.size(0));
}

double apcer(const ClassCounts& counts, int64_t live) {
  const double attacks = total_of(counts.labels) - at(counts.labels, live);
  const double called_live = at(counts.predictions, live) - at(counts.hits, live);
  return attacks == 0 ? 0 : called_live / attacks;
}

double bpcer(const ClassCounts& counts, int64_t live) {
  const double truly_live = at(counts.labels, live);
  return truly_live == 0 ? 0 : 1 - at(counts.hits, live) / truly_live;
}

double acer(const ClassCounts& counts, int64_t live) { return (apcer(counts, live) + bpcer(counts, live)) / 2; }

}  // namespace pdmp::metrics

namespace pdmp {

ClassCounts::ClassCounts(int64_t classes)
    : hits(at::zeros({classes}, at::kLong)),
      labels(at::zeros({classes}, at::kLong)),
      predictions(at::zeros({classes}, at::kLong)) {}

ClassCounts::ClassCounts(const Tensor& all_labels, const Tensor& all_predictions, int64_t classes)
    : ClassCounts(classes) {
  add(all_labels, all_predictions);
}

ClassCounts::ClassCounts(const Tensor& confusion)
    : hits(confusion.cpu().diagonal().contiguous()),
      labels(confusion.cpu().sum(1)),
      predictions(confusion.cpu().sum(0)) {}

void ClassCounts::add(const Tensor& more_labels, const Tensor& more_predictions) {
  const int64_t classes = hits.size(0);
  const auto [truth, guess] = metrics::checked(more_labels, more_predictions, classes);
  hits += at::bincount(truth.masked_select(truth.eq(guess)), {}, classes);
  labels += at::bincount(truth, {}, classes);
  predictions += at::bincount(guess, {}, classes);
}

}  // namespace pdmp
