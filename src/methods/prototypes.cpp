#include "methods/prototypes.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pdmp {
namespace {

constexpr double kSmall = 1e-8;
constexpr int64_t kSubtract = 2;  // cdist by differences: products would lose what is left of a small distance

at::ScalarType wide(at::ScalarType type) { return type == at::kDouble ? at::kDouble : at::kFloat; }

}  // namespace

ClassMeans::ClassMeans(int64_t classes, int64_t width, const Tensor& like) : type_(wide(like.scalar_type())) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(like.device());
  sums_ = at::zeros({classes, width}, options);
  counts_ = at::zeros({classes}, options);
}

// In double precision: many small batches add up, and a run's lower precision leaves such products alone.
void ClassMeans::add(const Tensor& features, const Tensor& labels) {
  const torch::NoGradGuard no_gradients;
  const Tensor members = at::one_hot(labels, counts_.size(0)).to(at::kDouble);
  sums_ += members.t().matmul(features.to(at::kDouble));
  counts_ += members.sum(0);
}

Prototypes ClassMeans::result() const {
  const Tensor known = counts_ > 0;
  return {(sums_ / counts_.clamp_min(1).unsqueeze(1)).to(type_), known, known.all().item<bool>()};
}

Prototypes mix(const Prototypes& fresh, const Prototypes& old, double keep) {
  const Tensor mixed = fresh.means * (1 - keep) + old.means * keep;
  const Tensor one = at::where(fresh.known.unsqueeze(1), fresh.means, old.means);
  const Tensor both = fresh.known.logical_and(old.known);
  const Tensor known = fresh.known.logical_or(old.known);
  return {at::where(both.unsqueeze(1), mixed, one), known, known.all().item<bool>()};
}

Tensor prototype_logits(const Tensor& features, const Prototypes& prototypes) {
  const Tensor distances = at::cdist(features.to(prototypes.means.scalar_type()), prototypes.means, 2, kSubtract);
  if (prototypes.complete) return -distances;
  const double none = -std::numeric_limits<double>::infinity();
  return (-distances).masked_fill(prototypes.known.logical_not().unsqueeze(0), none);
}

Tensor prototype_loss(const Criterion& criterion, const Tensor& logits, const Tensor& labels, bool complete) {
  return complete ? criterion(logits, labels) : at::cross_entropy_loss(logits, labels);
}

Tensor mean_entropy(const Tensor& logits) {
  const Tensor log_q = logits.log_softmax(1);
  return -(log_q.exp() * log_q.masked_fill(logits.isinf(), 0)).sum(1).mean();
}

std::vector<double> lags(const std::vector<double>& confidence, Lag kind) {
  double best = 0;
  for (const double value : confidence) best = std::isnan(value) ? best : std::max(best, value);
  std::vector<double> result;
  for (const double value : confidence) {
    double lag = 0;
    if (value < best) lag = kind == Lag::hard ? 1 : std::clamp(best / (value + kSmall) - 1, 0.0, 1.0);
    result.push_back(lag);
  }
  return result;
}

}  // namespace pdmp
