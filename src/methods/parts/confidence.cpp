#include "methods/parts/confidence.h"

namespace pdmp::methods {
namespace {

constexpr double kSmallestProbability = 1e-8;

// (rows that have modality m), of the true class.
Tensor true_class_probability(const Tensor& logits, const Tensor& present, const Tensor& labels, size_t m) {
  const Tensor values = logits.detach();
  const Tensor wide = values.scalar_type() == torch::kDouble ? values : values.to(torch::kFloat32);
  const Tensor probability = wide.softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1);
  return probability.masked_select(present.select(1, static_cast<int64_t>(m)));
}

}  // namespace

std::vector<double> mean_confidence(const std::vector<Tensor>& logits, const Tensor& present, const Tensor& labels) {
  std::vector<double> result;
  for (size_t m = 0; m < logits.size(); ++m)
    result.push_back(true_class_probability(logits[m], present, labels, m).mean().item<double>());
  return result;
}

std::vector<double> mean_cross_entropy(const std::vector<Tensor>& logits, const Tensor& present, const Tensor& labels) {
  std::vector<double> result;
  for (size_t m = 0; m < logits.size(); ++m) {
    const Tensor probability = true_class_probability(logits[m], present, labels, m);
    result.push_back(-probability.clamp_min(kSmallestProbability).log().mean().item<double>());
  }
  return result;
}

}  // namespace pdmp::methods
