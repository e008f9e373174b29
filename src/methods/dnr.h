// The arithmetic of Diagnosing & Re-learning, apart from models.
#pragma once

#include <cmath>
#include <cstdint>

#include "pdmp/random.h"
#include "pdmp/torch.h"

namespace pdmp::methods {

// How much of the classes shows in features: as many K-means clusters as there are classes, then the share of samples
// whose class is the commonest of their cluster. 1 is perfect, the share of the largest class says nothing.

// Columns of x (N, d) to [-1, 1]; one that is constant but for rounding to -1.
Tensor scale_columns(const Tensor& x);

constexpr int64_t kUsualStarts = 10;

// (N) int64, the cluster of each row of x (N, d), 1 <= clusters <= N: the best of `starts` runs from k-means++ seeds,
// at most 300 iterations each, until the centers' squared shift is at most 1e-4 of the columns' mean variance. A
// cluster that lost all its rows goes on from the row farthest from its center.
Tensor k_means(const Tensor& x, int64_t clusters, RandomStream& random, int64_t starts = kUsualStarts);

// clusters, labels (N) int64, from 0.
double purity(const Tensor& clusters, const Tensor& labels);

// All of it, always with random numbers of seed 0. features (N, d), N > 0; fewer rows than classes make as many
// clusters as rows.
double feature_purity(const Tensor& features, const Tensor& labels, int64_t classes, int64_t starts = kUsualStarts);

// When an encoder is pulled back towards its start, how strongly, and the pull itself (Diagnosing & Re-learning).

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

}  // namespace pdmp::methods
