// Results of paired tests of two models on the same samples.
#pragma once

#include <cstdint>

namespace pdmp {

// A paired bootstrap over test samples and seeds (Efron & Tibshirani 1993, chapters 13 and 16).
struct Difference {
  double mean = 0;           // accuracy of `other` minus accuracy of `reference`, mean over seeds; in [-1, 1]
  double low = 0, high = 0;  // ends of the 95 % percentile interval of `mean`
  double p = 1;              // two-sided: twice the share of resamples beyond 0, in [1 / resamples, 1]
};
// McNemar's exact test (1947).
struct McNemar {
  int64_t only_reference = 0, only_other = 0;  // number of samples that only this model classifies correctly
  double p = 1;                                // exact and two-sided: binomial with probability 1/2
};

}  // namespace pdmp
