#include "methods/dynamic_weights.h"

#include <vector>

namespace pdmp {
namespace {

constexpr double kSmall = 1e-8;
constexpr double kNever = -1e30;  // finite: a row without any modality is no NaN

Tensor count(const Tensor& present, at::ScalarType type) { return present.sum(1, /*keepdim=*/true).to(type); }

}  // namespace

// As a softmax: n^-2 itself may be too large or too small for a number.
Tensor inverse_variance_weights(const Tensor& log_variance, const Tensor& present) {
  const Tensor shares = (-log_variance).masked_fill(present.logical_not(), kNever).softmax(1);
  return count(present, shares.scalar_type()) * shares * present;
}

Tensor weights_over_dependency(const Tensor& weights, const Tensor& dependency, const Tensor& present) {
  const Tensor freed = weights / dependency.clamp_min(kSmall) * present;
  const Tensor total = freed.sum(1, /*keepdim=*/true);
  return count(present, freed.scalar_type()) * freed / total.masked_fill(total == 0, 1);
}

Tensor divergence_from_noise(const Tensor& mean, const Tensor& deviation, const Tensor& level) {
  std::vector<int64_t> sizes(static_cast<size_t>(mean.dim()), 1);
  sizes[0] = mean.size(0);
  const Tensor n = level.to(mean.scalar_type()).view(sizes);
  const Tensor variance = deviation.square();
  return ((variance + mean.square()) / n - ((variance + kSmall) / n).log() - 1).flatten(1).sum(1) / 2;
}

}  // namespace pdmp
