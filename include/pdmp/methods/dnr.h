// D&R (Diagnosing and Re-learning for Balanced Multimodal Learning, ECCV 2024): a few times in a training, K-means
// clusters of each encoder's features are compared with the classes, on training data and on held-out data. The larger
// the gap in purity, the more the encoder is pulled back toward its initial weights.
#pragma once

#include <cstdint>

#include "pdmp/method_options.h"

namespace pdmp {

// Options of dnr. Weights become w theta(0) + (1 - w) theta, with w = tanh(lambda |purity gap|). Flags --dnr.<name>,
// with
// '-' for '_'.
struct DnrOptions {
  static constexpr const char* kMethod = "dnr";

  double lambda = 3;               // factor on the purity gap, at least 0; 0 is joint training
  int64_t every = 20;              // epochs between two diagnoses, at least 1
  int64_t times = 3;               // number of diagnoses, at least 0; 0 is joint training
  int64_t purity_max_samples = 0;  // most samples of a split for a diagnosis, at least 0; 0: all
  int64_t purity_starts = 10;      // K-means starts, of which the tightest clustering is used; at least 1

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
