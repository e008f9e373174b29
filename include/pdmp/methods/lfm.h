// LFM (Facilitating Multimodal Classification via Dynamically Learning Modality Gap, NeurIPS 2024): in addition to the
// classification loss, a matching loss makes the modalities of one sample agree. Its weight a decreases during
// training.
#pragma once

#include <optional>

#include "pdmp/method_options.h"

namespace pdmp {

// What the matching loss compares between two modalities.
enum class LfmMatch {
  infonce,  // features, by a contrastive loss over the samples of a batch
  js_rev,   // predictions, by the divergence of the release: js with the arguments of its KL divergences exchanged
  js,       // predictions, by Jensen-Shannon divergence
};
template <>
inline constexpr auto kChoiceNames<LfmMatch> = choice_names("infonce", "js_rev", "js");

// How the weight of the matching loss changes from epoch to epoch.
enum class LfmSchedule {
  heuristic,  // 1 - exp(-1 / t) in epoch t = 1, 2, ...
  fitted,     // a polynomial that was fitted to a learned weight, scaled to the number of epochs; in [0.05, 0.95]
  learned,    // updated after each epoch by gradients on held-out and on training data
};
template <>
inline constexpr auto kChoiceNames<LfmSchedule> = choice_names("heuristic", "fitted", "learned");

// What classifies.
enum class LfmHeads {
  fusion,  // the fusion of the model
  own,     // instead of it, the mean of one linear head per modality, as in the release
};
template <>
inline constexpr auto kChoiceNames<LfmHeads> = choice_names("fusion", "own");

// Options of lfm. The loss is 2 ((1 - a) classification + a matching). Flags --lfm.<name>.
struct LfmOptions {
  static constexpr const char* kMethod = "lfm";

  LfmMatch match = LfmMatch::infonce;          // what the matching loss compares
  double tau = 0.1;                            // temperature of infonce, above 0
  LfmSchedule schedule = LfmSchedule::fitted;  // how the weight a changes
  double rate = 0.01;                          // largest change of a learned weight in an epoch, at least 0
  std::optional<double> weight = {};           // constant weight a, in [0, 1]; 0 is twice the loss of joint training.
                                               // Nothing: by the schedule
  LfmHeads heads = LfmHeads::fusion;           // what classifies

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
