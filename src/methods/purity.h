// How much of the classes shows in features: as many K-means clusters as there are classes, then the share of samples
// whose class is the commonest of their cluster. 1 is perfect, the share of the largest class says nothing.
#pragma once

#include <cstdint>

#include "pdmp/random.h"
#include "pdmp/torch.h"

namespace pdmp {

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

}  // namespace pdmp
