// PDMP, Performance-Dominant Modality Prioritization (Wei et al., arXiv 2604.05773, sections III-B and III-C): during
// the whole training the gradient of the encoder whose modality is best on its own is multiplied by gamma. Those of the
// other encoders are multiplied by 1 / gamma where another modality leads at the beginning, else by gamma, too.
#pragma once

#include <optional>

#include "pdmp/method_options.h"
#include "pdmp/scope.h"

namespace pdmp {

// What the factors multiply.
enum class PdmpMechanism {
  grad,  // gradients, after the backward pass, as in the paper
  lr,    // learning rates, with weight decays divided: for SGD the same update, at no cost per step
};
template <>
inline constexpr auto kChoiceNames<PdmpMechanism> = choice_names("grad", "lr");

// Factor on the encoder of a modality r other than p, with p the performance-dominant and o the optimization-dominant
// modality (ModalityRanking). With two modalities, the case of the paper, all are the same.
enum class PdmpMultiPolicy {
  literal,       // 1 / gamma where o is not p, else gamma
  per_modality,  // 1 / gamma where r is o, else gamma
  ranked,        // 1 / gamma where r has a better beginning than p, else gamma
};
template <>
inline constexpr auto kChoiceNames<PdmpMultiPolicy> = choice_names("literal", "per_modality", "ranked");

// Options of pdmp. Flags --pdmp.<name>, with '-' for '_'.
struct PdmpOptions {
  static constexpr const char* kMethod = "pdmp";

  double gamma = 15;                            // factor on the leading encoder, at least 1; 1 is joint training
  std::optional<PdmpMechanism> mechanism = {};  // what the factors multiply. Nothing: grad where a non-adaptive
                                                // optimizer clips after modulation, else lr
  Scope scope = Scope::encoder_all;             // parameters of a modality that are scaled
  PdmpMultiPolicy multi_policy = PdmpMultiPolicy::literal;  // factors with more than two modalities
  NameMap coefficients = {};  // modality -> factor, above 0, for all modalities; no analysis is then needed. Empty: by
                              // gamma and the analysis

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
