// ARL (Asymmetric representation learning, ICCV 2025): the unimodal logits of each modality have a loss, in addition to
// the fused loss. After the first epochs gradients of an encoder are enlarged, the more the more certain its modality
// is and the less the fused logits depend on it.
#pragma once

#include <cstdint>

#include "pdmp/method_options.h"

namespace pdmp {

// Factor on the gradients of an encoder with weight k. The weights of all M modalities sum to 1.
enum class ArlScaleForm {
  one_plus,  // 1 + k
  times,     // M k, which may be below 1
};
template <>
inline constexpr auto kChoiceNames<ArlScaleForm> = choice_names("one_plus", "times");

// What is used as the variance of a modality; its inverse is the certainty.
enum class ArlVariance {
  entropy_share,  // its share of the sum of mean entropies, at least the floor
  inverse_mean,   // 1 / mean of the inverse entropies of the samples
};
template <>
inline constexpr auto kChoiceNames<ArlVariance> = choice_names("entropy_share", "inverse_mean");

// What the certainty is multiplied by.
enum class ArlRatio {
  other_share,  // the other modalities' share of the size of all unimodal logits
  own,          // 1 / size of the modality's own logits
};
template <>
inline constexpr auto kChoiceNames<ArlRatio> = choice_names("other_share", "own");

// Which step is modulated by the weights of a step.
enum class ArlApplied {
  same_step,  // the same one
  next_step,  // the next one, as the release is written
};
template <>
inline constexpr auto kChoiceNames<ArlApplied> = choice_names("same_step", "next_step");

// Options of arl. Flags --arl.<name>, with '-' for '_'.
struct ArlOptions {
  static constexpr const char* kMethod = "arl";

  double gamma = 4;        // weight of each unimodal loss after epoch `start`, at least 0; until then it is 1
  double temperature = 8;  // factor in the softmax that gives the weights k, at least 0; 0: equal weights
  int64_t start = 5;       // last 0-based epoch without modulation, at least -1
  double floor = 0.3;      // smallest entropy share with two modalities, in [0, 0.5]; with M modalities 2 / M of it
  ArlScaleForm scale_form = ArlScaleForm::one_plus;   // factor on gradients
  ArlVariance variance = ArlVariance::entropy_share;  // how certainty is measured
  ArlRatio ratio = ArlRatio::other_share;             // how dependency is measured
  ArlApplied applied = ArlApplied::same_step;         // step to modulate

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
