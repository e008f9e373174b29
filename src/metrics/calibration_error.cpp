// Expected calibration error: samples in 15 equally wide bins of their highest probability, (lower, upper]; mean over
// the samples of |accuracy - mean probability| of their bin. 0 of nothing is 0.
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "metrics/metric.h"
#include "pdmp/tensor.h"

namespace pdmp::metrics {
namespace {

constexpr int64_t kBins = 15;

// Memory is allocated once: small tensors kept from each batch would lie in the holes that large ones of the batch
// leave, and the heap would grow by a batch's probabilities each time.
class CalibrationError : public MetricState {
 public:
  explicit CalibrationError(int64_t samples)
      : highest_(at::empty({samples}, at::kDouble)), right_(at::empty({samples}, at::kBool)) {}

  void add(const ScoredBatch& batch) override {
    const auto [highest, prediction] = batch.probabilities.max(1);
    const int64_t rows = highest.size(0);
    highest_.narrow(0, seen_, rows).copy_(highest);
    right_.narrow(0, seen_, rows).copy_(prediction.eq(batch.labels));
    seen_ += rows;
  }

  double value(const ClassCounts&) const override {
    if (seen_ == 0) return 0;
    const Tensor highest = highest_.narrow(0, 0, seen_);
    const Tensor bin = (highest * static_cast<double>(kBins)).ceil().sub(1).clamp(0, static_cast<double>(kBins - 1));
    const Tensor gap = right_.narrow(0, 0, seen_).to(at::kDouble) - highest;
    // Per bin: |hits - sum of probabilities|, which is its share of the samples times its gap.
    const Tensor sums = at::zeros({kBins}, at::kDouble).index_add_(0, bin.to(at::kLong), gap);
    return sums.abs().sum().item<double>() / static_cast<double>(seen_);
  }

 private:
  Tensor highest_, right_;  // (N) float64, bool
  int64_t seen_ = 0;
};

}  // namespace

std::unique_ptr<MetricState> calibration_error_metric(const ScoredSet& set) {
  return std::make_unique<CalibrationError>(set.samples);
}

}  // namespace pdmp::metrics
