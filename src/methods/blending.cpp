#include "methods/blending.h"

#include <algorithm>
#include <cmath>

namespace pdmp {
namespace {

double total(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// With a cap of at least a half, no other head can be above it.
void cap_largest(std::vector<double>& weights, double sum, double cap) {
  const double limit = cap * sum;
  const auto largest = std::max_element(weights.begin(), weights.end());
  if (*largest <= limit) return;
  const double others = sum - *largest;
  const double left = sum - limit;
  const auto count = static_cast<double>(weights.size() - 1);
  for (auto weight = weights.begin(); weight != weights.end(); ++weight) {
    if (weight != largest) *weight = others > 0 ? *weight * left / others : left / count;
  }
  *largest = limit;
}

}  // namespace

Blend blend(const std::vector<HeadLosses>& heads, const BlendRule& rule) {
  Blend result;
  bool better = false;
  for (const HeadLosses& head : heads) {
    const double gain = head.held_out_before - head.held_out_after;
    const double overfitting = (head.held_out_after - head.train_after) - (head.held_out_before - head.train_before);
    const bool finite = std::isfinite(gain) && std::isfinite(overfitting);
    better = better || (finite && gain > 0);
    result.gain.push_back(gain);
    result.overfitting.push_back(overfitting);
    result.worth.push_back(
        finite ? std::max(gain, rule.gain_floor) / std::max(overfitting * overfitting, rule.overfitting_floor) : 0);
  }
  const double all = total(result.worth);
  for (const double worth : result.worth)
    result.weights.push_back(better ? rule.sum * worth / all : rule.sum / static_cast<double>(heads.size()));
  if (heads.size() > 1 && rule.cap < 1) cap_largest(result.weights, rule.sum, rule.cap);
  return result;
}

}  // namespace pdmp
