// What can be said of a difference between classifiers that were tested on the same samples.
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/statistics.h"

namespace pdmp::metrics {

struct MeanSd {
  double mean = 0, sd = 0;  // sd of a sample (n - 1); 0 for one value
};
MeanSd mean_sd(const std::vector<double>& values);

// hits[s][i]: 1 where the model of seed s is right about test sample i. The same samples, in the same order, for all.
using Hits = std::vector<std::vector<uint8_t>>;

// Paired bootstrap over test samples and seeds (Efron & Tibshirani 1993, chapters 13 and 16): each resample draws
// samples and seeds with replacement, the same ones for both models. Both have the same seeds and samples, at least one
// of each. The same numbers for the same `seed`.
Difference paired_bootstrap(const Hits& reference, const Hits& other, int64_t resamples, uint64_t seed);

// McNemar's exact test (1947) of two models on the same samples.
McNemar mcnemar(const std::vector<uint8_t>& reference, const std::vector<uint8_t>& other);

// Holm (1979): adjusted p-values of a family of tests, in the order given, each at most 1. NaN stays out of the family.
std::vector<double> holm(const std::vector<double>& p);

// 1 = highest; equal values share the mean of their ranks. NaN gets NaN and counts for nothing.
std::vector<double> ranks(const std::vector<double>& values);

}  // namespace pdmp::metrics
