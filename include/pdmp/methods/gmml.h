// GMML (Improving Multimodal Learning with Multi-Loss Gradient Modulation, BMVC 2024): each modality has a linear head
// with its own loss, in addition to the fused loss. Gradients of a modality are enlarged where its head is less
// confident than those of the others, and reduced where it is more confident.
#pragma once

#include <optional>

#include "pdmp/method_options.h"

namespace pdmp {

// Factor on the gradients of a modality, from the confidences of the heads.
enum class GmmlVariant {
  ratio,    // by r, the mean confidence of the others divided by its own: 1 + tanh(alpha (r - 1))
  ogm_acc,  // 1 -+ tanh(alpha leading / weaker): minus for the leading modality; for two modalities only
};
template <>
inline constexpr auto kChoiceNames<GmmlVariant> = choice_names("ratio", "ogm_acc");

// Options of gmml. Flags --gmml.<name>, with '-' for '_'.
struct GmmlOptions {
  static constexpr const char* kMethod = "gmml";

  double alpha = 0.8;                        // strength of the modulation, at least 0; 0: none
  std::optional<double> beta_max = {};       // largest factor, at least 1. Nothing: 2
  double weight = 1;                         // of the losses of the heads, at least 0; 0 with alpha 0 is joint training
  GmmlVariant variant = GmmlVariant::ratio;  // factor on gradients

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
