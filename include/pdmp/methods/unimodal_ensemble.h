// The late ensemble, a baseline: each encoder has a linear head and learns from the loss of that head only. The
// prediction is the mean over the modalities that a sample has.
#pragma once

#include "pdmp/method_options.h"

namespace pdmp {

// What the prediction is the mean of.
enum class UnimodalEnsembleAverage {
  probabilities,  // the probabilities of the heads
  logits,         // the logits of the heads
};
template <>
inline constexpr auto kChoiceNames<UnimodalEnsembleAverage> = choice_names("probabilities", "logits");

// Options of unimodal_ensemble. Flags --unimodal_ensemble.<name>.
struct UnimodalEnsembleOptions {
  static constexpr const char* kMethod = "unimodal_ensemble";

  UnimodalEnsembleAverage average = UnimodalEnsembleAverage::probabilities;  // what the prediction is the mean of

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
