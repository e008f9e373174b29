#include "metrics/metric.h"

namespace pdmp::metrics {
namespace {

class CrossEntropy : public MetricState {
 public:
  explicit CrossEntropy(int64_t samples) : samples_(static_cast<double>(samples)) {}
  void add(const ScoredBatch& batch) override { sum_ += batch.loss; }
  double value(const ClassCounts&) const override { return sum_ / samples_; }

 private:
  double samples_, sum_ = 0;
};

}  // namespace

std::unique_ptr<MetricState> cross_entropy_metric(const ScoredSet& set) {
  return std::make_unique<CrossEntropy>(set.samples);
}

}  // namespace pdmp::metrics
