// MLA (Multimodal Representation Learning by Alternating Unimodal Adaptation, CVPR 2024): modalities are never trained
// together. In each step they take turns with one head that all share. In a turn the gradient of the head is projected
// away from the mean features of earlier turns, by a matrix P that is updated after each turn.
#pragma once

#include <vector>

#include "pdmp/method_options.h"

namespace pdmp {

// How P is updated by the mean feature r of a turn; k = P r.
enum class MlaGm {
  owm,      // P - k k^T / (alpha + r^T k), which is (I + sum r r^T / alpha)^-1 at constant alpha
  off,      // not at all: there is no projection, as in effect in the release
  literal,  // P - k k^T / (alpha + k r^T), divided element by element, from the second turn on, as the release is
            // written. P is then no projection, and diverges unless normalized
};
template <>
inline constexpr auto kChoiceNames<MlaGm> = choice_names("owm", "off", "literal");

// Whether the gradient of a turn is projected before or after P is updated by that turn.
enum class MlaPOrder {
  project_then_update,  // before: away from earlier turns only
  update_then_project,  // after: away from this turn as well
};
template <>
inline constexpr auto kChoiceNames<MlaPOrder> = choice_names("project_then_update", "update_then_project");

// What P is divided by after each update.
enum class MlaPNormalize {
  none,       // nothing
  frobenius,  // its Frobenius norm, as in the release
};
template <>
inline constexpr auto kChoiceNames<MlaPNormalize> = choice_names("none", "frobenius");

// When P is reset to the identity.
enum class MlaPReset {
  never,  // not after the beginning of the training
  epoch,  // at every epoch, so that the head can move again in directions seen before
};
template <>
inline constexpr auto kChoiceNames<MlaPReset> = choice_names("never", "epoch");

// What happens to an encoder in the turns of other modalities.
enum class MlaOthers {
  stand,  // nothing
  coast,  // it is updated by momentum and weight decay, as in the release
};
template <>
inline constexpr auto kChoiceNames<MlaOthers> = choice_names("stand", "coast");

// Weights of the modalities' logits in the prediction.
enum class MlaFusion {
  entropy,  // by the entropy of each modality's prediction: softmax of minus the entropies, for each sample
  fixed,    // MlaOptions::weights
  mean,     // equal
};
template <>
inline constexpr auto kChoiceNames<MlaFusion> = choice_names("entropy", "fixed", "mean");

// Options of mla. Flags --mla.<name>, with '-' for '_'.
struct MlaOptions {
  static constexpr const char* kMethod = "mla";

  MlaGm gm = MlaGm::owm;                               // how P is updated
  MlaPOrder p_order = MlaPOrder::project_then_update;  // order of projection and update
  MlaPNormalize p_normalize = MlaPNormalize::none;     // what P is divided by
  MlaPReset p_reset = MlaPReset::never;                // when P is reset
  MlaOthers others = MlaOthers::stand;                 // encoders in the turns of others
  double alpha_base = 0.1;  // a of alpha = a^(1 + share of the epoch done), above 0; a smaller one removes more
  MlaFusion fusion = MlaFusion::entropy;  // weights of the prediction
  std::vector<double> weights = {};  // for MlaFusion::fixed, one per modality, above 0. Empty: those of the release for
                                     // two and three modalities, else equal

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
