// ReconBoost (Boosting Can Achieve Modality Reconcilement, ICML 2024): modalities are the learners of an ensemble that
// sums their logits. Stages alternate: first one learner is trained, with less weight on samples that the others
// predict well, then all learners so far are trained together.
#pragma once

#include <cstdint>

#include "pdmp/method_options.h"

namespace pdmp {

// Whether the predictions of a learner are kept near those of the previous learner.
enum class ReconBoostGa {
  off,  // no, as in effect in the release, which computes the distance without gradient
  on,   // yes: alpha times their mean squared distance is added to the loss
};
template <>
inline constexpr auto kChoiceNames<ReconBoostGa> = choice_names("off", "on");

// Options of reconboost. While one learner is trained, the weight of a sample is w1 - w2 q, with q the probability that
// the other learners give the true class. Flags --reconboost.<name>, with '-' for '_'.
struct ReconBoostOptions {
  static constexpr const char* kMethod = "reconboost";

  double w1 = 5;                        // weight of samples that the other learners give probability 0; above w2
  double w2 = 1;                        // reduction of that weight at probability 1, at least 0
  int64_t t1 = 1;                       // epochs of a stage in which one learner is trained, at least 1
  int64_t t2 = 1;                       // epochs of a stage in which all learners so far are trained, at least 1
  ReconBoostGa ga = ReconBoostGa::off;  // whether predictions are kept near those of the previous learner
  double alpha = 0.5;                   // weight of the distance that `ga` adds, at least 0
  bool common_space = true;             // one head of two layers for all modalities; false: a linear head each
  bool freeze_bn_of_others = false;     // keep BatchNorm statistics of the others while one learner is trained

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;  // a new method; Error{usage} where w1 is not above w2
};

}  // namespace pdmp
