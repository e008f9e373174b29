// Mean recall of the classes that occur, as scikit-learn's balanced_accuracy_score. 0 of nothing is 0.
#include "metrics/counted.h"

namespace pdmp::metrics {
namespace {

double balanced_accuracy(const ClassCounts& counts) {
  double total = 0;
  int64_t present = 0;
  for (const ClassScores& scores : class_scores(counts)) {
    if (scores.n == 0) continue;
    total += scores.recall;
    ++present;
  }
  return present == 0 ? 0 : total / static_cast<double>(present);
}

}  // namespace

std::unique_ptr<MetricState> balanced_accuracy_metric(const ScoredSet& set) { return counted<balanced_accuracy>(set); }

}  // namespace pdmp::metrics
