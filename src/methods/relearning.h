// When an encoder is pulled back towards its start, how strongly, and the pull itself (Diagnosing & Re-learning).
#pragma once

#include <cmath>
#include <cstdint>

#include "pdmp/torch.h"

namespace pdmp {

// Whether encoders are diagnosed after this (0-based) epoch: `every` epochs, `times` times, never after the first one.
inline bool diagnosis_follows(int64_t epoch, int64_t every, int64_t times) {
  return epoch > 0 && epoch % every == 0 && epoch / every <= times;
}

// w in [0, 1): the more purer features are on one side than on the other, the stronger.
inline double pull_strength(double purity_train, double purity_held_out, double lambda) {
  return std::tanh(lambda * std::abs(purity_train - purity_held_out));
}

// value <- w start + (1 - w) value
inline void pull_back(Tensor value, const Tensor& start, double w) {
  const torch::NoGradGuard no_gradients;
  if (w != 0) value.mul_(1 - w).add_(start, w);
}

}  // namespace pdmp
