// MMPareto (ICML 2024): each modality has a linear head with its own loss, in addition to the fused loss. An encoder is
// updated by a combination of the two gradients that decreases both losses. Where they conflict, it is the shortest
// vector between them, rescaled to the length of their sum.
#pragma once

#include "pdmp/method_options.h"

namespace pdmp {

// What is rescaled to the length of the sum of both gradients.
enum class MmParetoRescale {
  per_tensor,   // each parameter by itself, and only to a larger length, as in the release
  per_encoder,  // the gradient of the whole encoder, as in the paper
};
template <>
inline constexpr auto kChoiceNames<MmParetoRescale> = choice_names("per_tensor", "per_encoder");

// Options of mmpareto. Flags --mmpareto.<name>.
struct MmParetoOptions {
  static constexpr const char* kMethod = "mmpareto";

  double gamma = 1.5;  // factor on the combined gradient, above 0; with 1 and no conflict it is the sum of both
  MmParetoRescale rescale = MmParetoRescale::per_tensor;  // what is rescaled

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
