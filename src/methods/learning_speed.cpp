#include "methods/learning_speed.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pdmp {
namespace {

constexpr double kFloor = 1e-30;

// |x|^2 over all tensors together.
Tensor squared_norm(const std::vector<Tensor>& tensors) {
  return torch::stack(at::_foreach_norm(tensors, 2)).to(torch::kFloat64).square().sum();
}

}  // namespace

Tensor relative_step(const std::vector<Tensor>& parameters) {
  const torch::NoGradGuard no_gradients;
  std::vector<Tensor> values, gradients;
  for (const Tensor& parameter : parameters) {
    if (!parameter.grad().defined()) continue;
    values.push_back(parameter.detach());
    gradients.push_back(parameter.grad());
  }
  if (values.empty()) return torch::zeros({}, torch::kFloat64);
  return squared_norm(gradients) / squared_norm(values).clamp_min(kFloor);
}

double conditional_speed(const LearningSpeed& speed) {
  if (speed.main == 0) return std::numeric_limits<double>::quiet_NaN();
  return std::log10(std::max(speed.bypass, kFloor) / speed.main);
}

double gap_of(const std::vector<double>& speeds) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double speed : speeds) {
    if (std::isnan(speed)) continue;
    low = std::min(low, speed);
    high = std::max(high, speed);
  }
  return high > low ? high - low : 0;
}

void Rebalancing::resume(std::optional<size_t> target, int64_t counter) {
  target_ = target;
  counter_ = counter;
}

void Rebalancing::finish_step(const std::vector<double>& speeds, bool may_start) {
  if (target_) {
    if (++counter_ == window_) target_.reset();
    return;
  }
  if (!may_start || !(gap_of(speeds) > epsilon_)) return;
  size_t fastest = 0;
  for (size_t m = 1; m < speeds.size(); ++m) {
    if (std::isnan(speeds[fastest]) || speeds[m] > speeds[fastest]) fastest = m;
  }
  target_ = fastest;
  counter_ = 0;
}

}  // namespace pdmp
