// Brier (1950): mean over the samples of the sum over the classes of (p_c - y_c)^2, where y_c is 1 for the true class
// and else 0; from 0 to 2. scikit-learn's brier_score_loss(scale_by_half=False).
#include <ATen/TensorOperators.h>

#include "metrics/metric.h"
#include "pdmp/tensor.h"

namespace pdmp::metrics {
namespace {

class BrierScore : public MetricState {
 public:
  void add(const ScoredBatch& batch) override {
    // sum_c (p_c - y_c)^2 = sum_c p_c^2 - 2 p_y + 1
    const Tensor p = batch.probabilities.to(at::kDouble);
    const Tensor of_truth = p.gather(1, batch.labels.unsqueeze(1)).squeeze(1);
    sum_ += (p.square().sum(1) - 2 * of_truth + 1).sum().item<double>();
    samples_ += static_cast<double>(batch.labels.size(0));
  }
  double value(const ClassCounts&) const override { return samples_ == 0 ? 0 : sum_ / samples_; }

 private:
  double sum_ = 0, samples_ = 0;
};

}  // namespace

std::unique_ptr<MetricState> brier_score_metric(const ScoredSet&) { return std::make_unique<BrierScore>(); }

}  // namespace pdmp::metrics
