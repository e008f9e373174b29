// OGM and OGM-GE (Peng et al., "Balanced Multimodal Learning via On-the-fly Gradient Modulation", CVPR 2022, section
// 3): the gradient of an encoder is multiplied by 1 - tanh(alpha ratio) where the ratio of its modality's confidence in
// the true class to that of the others is above 1. GE adds Gaussian noise to the gradients of every encoder.
#pragma once

#include <cstdint>
#include <optional>

#include "pdmp/method_options.h"
#include "pdmp/scope.h"

namespace pdmp {

// The ratio with more than two modalities; with two, both are the ratio to the other modality.
enum class OgmMulti {
  mean_pairwise,  // mean of the ratios to the other modalities
  min_ref,        // ratio to the least confident modality
};
template <>
inline constexpr auto kChoiceNames<OgmMulti> = choice_names("mean_pairwise", "min_ref");

// Options of ogm. Flags --ogm.<name>, with '-' for '_'.
struct OgmOptions {
  static constexpr const char* kMethod = "ogm";

  double alpha = 0.8;                        // strength of the modulation, at least 0; 0: none
  int64_t start_epoch = 0, end_epoch = 50;   // first and last 0-based epoch with modulation, at least 0
  std::optional<Scope> scope = {};           // parameters that are modulated. Nothing: the filters of convolutions, or
                                             // the whole encoder where it has none
  OgmMulti multi = OgmMulti::mean_pairwise;  // the ratio with more than two modalities

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;  // a new method; Error{usage} where start_epoch is after end_epoch
};

// Options of ogm_ge: those of ogm, and the noise. Flags --ogm_ge.<name>, with '-' for '_'.
struct OgmGeOptions {
  static constexpr const char* kMethod = "ogm_ge";

  double alpha = 0.8;                        // as OgmOptions::alpha
  double noise = 1;                          // standard deviation of the noise, in units of that of each tensor's
                                             // gradient; at least 0; 0 is ogm
  int64_t start_epoch = 0, end_epoch = 50;   // as OgmOptions::start_epoch and end_epoch
  std::optional<Scope> scope = {};           // as OgmOptions::scope
  OgmMulti multi = OgmMulti::mean_pairwise;  // as OgmOptions::multi

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;  // a new method; Error{usage} where start_epoch is after end_epoch
};

}  // namespace pdmp
