// Area under the ROC curve of each class against all others, mean over the classes: the probability that a sample of
// the class is given a higher probability of it than a sample of another, equal ones counting half. scikit-learn's
// roc_auc_score(multi_class="ovr", average="macro"). Undefined where a class has no sample or all of them.
#include <ATen/ops/empty.h>
#include <algorithm>
#include <limits>

#include "metrics/metric.h"
#include "pdmp/tensor.h"

namespace pdmp::metrics {
namespace {

// 32 MiB of probabilities: 27,000 samples of 309 classes. Above it the metric is left undefined, since evaluation keeps
// no matrix of samples and classes.
constexpr int64_t kMostProbabilities = int64_t{1} << 23;

class Auroc : public MetricState {
 public:
  explicit Auroc(const ScoredSet& set) : classes_(set.classes) {
    if (set.samples > kMostProbabilities / std::max<int64_t>(1, set.classes)) return;
    probabilities_ = at::empty({set.samples, set.classes}, at::kFloat);
    labels_.reserve(static_cast<size_t>(set.samples));
  }

  void add(const ScoredBatch& batch) override {
    if (!probabilities_.defined()) return;
    const auto first = static_cast<int64_t>(labels_.size());
    probabilities_.narrow(0, first, batch.labels.size(0)).copy_(batch.probabilities);
    const auto labels = batch.labels.accessor<int64_t, 1>();
    for (int64_t i = 0; i < labels.size(0); ++i) labels_.push_back(labels[i]);
  }

  double value(const ClassCounts& counts) const override {
    constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
    if (!probabilities_.defined() || classes_ < 2 || counts.labels.eq(0).any().item<bool>()) return kUndefined;
    const std::vector<std::vector<float>> positives = sorted_positives();
    std::vector<int64_t> wins(static_cast<size_t>(classes_));  // of positives over negatives, twice
    for (size_t i = 0; i < labels_.size(); ++i) {
      const float* row = probabilities_.const_data_ptr<float>() + static_cast<int64_t>(i) * classes_;
      for (int64_t c = 0; c < classes_; ++c) {
        if (c == labels_[i]) continue;
        const std::vector<float>& sorted = positives[static_cast<size_t>(c)];
        const auto [equal, above] = std::equal_range(sorted.begin(), sorted.end(), row[c]);
        wins[static_cast<size_t>(c)] += 2 * (sorted.end() - above) + (above - equal);
      }
    }
    double total = 0;
    for (size_t c = 0; c < wins.size(); ++c) {
      const auto of_class = static_cast<double>(positives[c].size()), all = static_cast<double>(labels_.size());
      total += static_cast<double>(wins[c]) / (2 * of_class * (all - of_class));
    }
    return total / static_cast<double>(classes_);
  }

 private:
  // Of each class, what its own samples were given.
  std::vector<std::vector<float>> sorted_positives() const {
    std::vector<std::vector<float>> positives(static_cast<size_t>(classes_));
    const float* values = probabilities_.const_data_ptr<float>();
    for (size_t i = 0; i < labels_.size(); ++i) {
      positives[static_cast<size_t>(labels_[i])].push_back(values[static_cast<int64_t>(i) * classes_ + labels_[i]]);
    }
    for (std::vector<float>& of_class : positives) std::sort(of_class.begin(), of_class.end());
    return positives;
  }

  int64_t classes_;
  Tensor probabilities_;  // (N, C) float32; undefined where they are too many
  std::vector<int64_t> labels_;
};

}  // namespace

std::unique_ptr<MetricState> auroc_metric(const ScoredSet& set) { return std::make_unique<Auroc>(set); }

}  // namespace pdmp::metrics
