// GGDM (gradient polyhedra, 2025, after its code): every modality has a linear head, the prediction is the mean of the
// heads' logits, and a second loss, the alignment, pulls the heads' predictions together. For each encoder the gradient
// of the alignment is damped, the more the larger the volume that its gradient and those of the other encoders span.
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/method_options.h"

namespace pdmp {

// Which gradients span the volumes.
enum class GgdmSpace {
  param_surrogate,  // those of the encoders' parameters, with products of sums as inner products, as in the release
  feature,          // those of the features, normalized; all features must have the same width
};
template <>
inline constexpr auto kChoiceNames<GgdmSpace> = choice_names("param_surrogate", "feature");

// Options of ggdm. Flags --ggdm.<name>, with '-' for '_'.
struct GgdmOptions {
  static constexpr const char* kMethod = "ggdm";

  GgdmSpace space = GgdmSpace::param_surrogate;  // which gradients span the volumes
  std::vector<double> alignment_gains = {1, 2};  // factors on the alignment gradients, in the order of the modalities,
                                                 // at least 0; the last one is used for all further modalities
  double encoder_gain = 4;                       // factor on the gradients of every encoder, above 0
  double threshold = 0.3;                        // volume below which an alignment gradient is not damped, at least 0
  bool belief = true;                            // multiply the rows of the heads by the evidence for their class
  double belief_gain = 10;                       // factor on that evidence, above 0
  int64_t belief_start = 1;                      // first 0-based epoch with `belief`, at least 0
  int64_t belief_end = 80;                       // last 0-based epoch with `belief`, at least 0

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
