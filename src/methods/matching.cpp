#include "methods/matching.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pdmp {
namespace {

constexpr double kSmallestNorm = 1e-8;
constexpr double kLowest = 0.05, kHighest = 0.95;
// The weight of classification, over epochs 0 to 199, in powers of the epoch.
constexpr double kFitted[] = {2.04623704e-1,  3.35472727e-3, 1.22989557e-4,
                              -2.92947416e-6, 2.23835486e-8, -5.39717505e-11};
constexpr double kLastFitted = 199;

// Rows over their norms; one of about zeros becomes zeros and gets no gradient.
Tensor directions(const Tensor& x) {
  const Tensor norms = torch::linalg_vector_norm(x, 2, {1}, /*keepdim=*/true);
  return x / norms.masked_fill(norms < kSmallestNorm, std::numeric_limits<double>::infinity());
}

struct LogProbabilities {
  LogProbabilities(const Tensor& a, const Tensor& b)
      : p(a.log_softmax(1)), r(b.log_softmax(1)), mean(torch::logaddexp(p, r) - std::log(2.0)) {}
  Tensor p, r, mean;
};

// Mean over the rows of KL(exp(a), exp(b)).
Tensor divergence(const Tensor& a, const Tensor& b) { return (a.exp() * (a - b)).sum(1).mean(); }

}  // namespace

Tensor info_nce(const Tensor& a, const Tensor& b, double tau) {
  const Tensor likeness = directions(a).matmul(directions(b).t()) / tau;
  const Tensor own = torch::arange(a.size(0), a.options().dtype(at::kLong));
  return 0.5 * (torch::cross_entropy_loss(likeness, own) + torch::cross_entropy_loss(likeness.t(), own));
}

Tensor js(const Tensor& a, const Tensor& b) {
  const LogProbabilities log(a, b);
  return 0.5 * (divergence(log.p, log.mean) + divergence(log.r, log.mean));
}

Tensor reversed_js(const Tensor& a, const Tensor& b) {
  const LogProbabilities log(a, b);
  return 0.5 * (divergence(log.mean, log.p) + divergence(log.mean, log.r));
}

double heuristic_weight(int64_t epoch) { return 1 - std::exp(-1 / static_cast<double>(epoch + 1)); }

double fitted_weight(int64_t epoch, int64_t epochs) {
  const auto last = static_cast<double>(std::max<int64_t>(epochs - 1, 1));
  const double e = std::min(static_cast<double>(epoch) / last, 1.0) * kLastFitted;
  double classification = 0, power = 1;
  for (const double coefficient : kFitted) {
    classification += coefficient * power;
    power *= e;
  }
  return within_bounds(1 - classification);
}

double within_bounds(double weight) { return std::clamp(weight, kLowest, kHighest); }

}  // namespace pdmp
