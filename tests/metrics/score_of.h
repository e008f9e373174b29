// A metric of samples given as tensors, in one batch or several.
#pragma once

#include <algorithm>
#include <string>

#include "metrics/metric.h"
#include "pdmp/torch.h"

namespace pdmp::testing {

// probabilities (N, C), labels (N). The prediction is the most probable class.
inline metrics::Scores scores_of(const Tensor& probabilities, const Tensor& labels, int64_t rows_a_batch,
                                 int64_t live = -1) {
  const int64_t samples = labels.size(0);
  metrics::Scoring scoring({.samples = samples, .classes = probabilities.size(1), .live = live});
  for (int64_t first = 0; first < samples; first += rows_a_batch) {
    const int64_t rows = std::min(rows_a_batch, samples - first);
    const Tensor of_batch = probabilities.narrow(0, first, rows).to(torch::kFloat32);
    const Tensor truth = labels.narrow(0, first, rows);
    const double loss = of_batch.gather(1, truth.unsqueeze(1)).to(torch::kFloat64).log().neg().sum().item<double>();
    scoring.add({truth, of_batch.argmax(1), of_batch, loss});
  }
  return scoring.scores();
}

inline double score_of(const std::string& metric, const Tensor& probabilities, const Tensor& labels) {
  return scores_of(probabilities, labels, std::max<int64_t>(1, labels.size(0))).at(metric);
}

// What scikit-learn was asked about, too. Some probabilities are equal.
struct ScoredExample {
  Tensor probabilities, labels;  // (N, C) float64, (N) int64
};

inline ScoredExample three_classes() {
  return {torch::tensor({{.6, .3, .1},
                         {.2, .3, .5},
                         {.3, .4, .3},
                         {.5, .3, .2},
                         {.3, .3, .4},
                         {.1, .1, .8},
                         {.4, .4, .2},
                         {.2, .7, .1},
                         {.5, .2, .3},
                         {.4, .5, .1}},
                        torch::kFloat64),
          torch::tensor({0, 2, 1, 1, 0, 2, 2, 1, 0, 0}, torch::kInt64)};
}

inline ScoredExample two_classes() {
  const Tensor positive = torch::tensor({.2, .8, .4, .4, .9, .6}, torch::kFloat64);
  return {torch::stack({1 - positive, positive}, 1), torch::tensor({0, 1, 1, 0, 1, 0}, torch::kInt64)};
}

}  // namespace pdmp::testing
