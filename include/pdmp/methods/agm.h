// AGM (Boosting Multi-modal Model Performance with Adaptive Gradient Modulation, ICCV 2023, section 3): Shapley values
// divide the fused logits among the modalities. The gradient through a modality's share is multiplied by a coefficient,
// which is below 1 where its lead over the others is larger than on average so far.
#pragma once

#include <optional>

#include "pdmp/method_options.h"
#include "pdmp/scope.h"

namespace pdmp {

// What the coefficients multiply.
enum class AgmMode {
  logit,  // gradients of the modalities' shares of the logits, with an effect on the whole network
  param,  // gradients of parameters, chosen by AgmOptions::scope
};
template <>
inline constexpr auto kChoiceNames<AgmMode> = choice_names("logit", "param");

// How a modality is left out of a pass for Shapley values.
enum class AgmMask {
  input,    // zeros for its input, as in the paper
  feature,  // zeros for its feature, which needs no second pass of the encoders
};
template <>
inline constexpr auto kChoiceNames<AgmMask> = choice_names("input", "feature");

// Options of agm. The coefficient of a modality is exp(alpha min(R - r, cap)), with r its lead in a step and R that of
// the mean scores so far. Flags --agm.<name>.
struct AgmOptions {
  static constexpr const char* kMethod = "agm";

  double alpha = 1.5;                // strength of the modulation, at least 0; 0 is joint training
  AgmMode mode = AgmMode::logit;     // what the coefficients multiply
  AgmMask mask = AgmMask::input;     // how a modality is left out
  std::optional<double> cap = {};    // upper limit of R - r, above 0. Nothing: 10, or 7 with more than two modalities
  std::optional<double> clip = {};   // norm to which all gradients are clipped where an element of the head's gradient
                                     // exceeds it, at least 0; 0: never. Nothing: 1, or 5 with more than two modalities
  Scope scope = Scope::encoder_all;  // parameters of a modality that AgmMode::param scales

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
