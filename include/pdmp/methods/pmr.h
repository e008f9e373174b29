// PMR (Prototypical Modal Rebalance for Multimodal Learning, CVPR 2023, section 3): the mean feature of each class is
// its prototype. The confidence of a modality is how near its features are to the right prototypes. Modalities with
// less confidence than the leading one get an additional loss, which pulls their features to the prototypes.
#pragma once

#include <cstdint>
#include <optional>

#include "pdmp/method_options.h"

namespace pdmp {

// Weight beta of the prototype loss of a lagging modality, whose confidence is below that of the leading one.
enum class PmrMode {
  hard,  // 1, as in the release
  soft,  // leading confidence / own confidence - 1, at most 1, as in the paper
};
template <>
inline constexpr auto kChoiceNames<PmrMode> = choice_names("hard", "soft");

// Where prototypes come from.
enum class PmrPrototypes {
  train,     // a part of the training data
  held_out,  // all held-out data; for small data sets
};
template <>
inline constexpr auto kChoiceNames<PmrPrototypes> = choice_names("train", "held_out");

// Options of pmr. Flags --pmr.<name>, with '-' for '_'.
struct PmrOptions {
  static constexpr const char* kMethod = "pmr";

  double alpha = 2;                       // factor on the prototype losses, at least 0; 0: there are none
  double momentum = 0.2;                  // share of the old prototypes that an update keeps, in [0, 1)
  PmrMode mode = PmrMode::hard;           // weights of the prototype losses
  double entropy = 0;                     // factor on the entropy of the leading modality's prediction by prototypes,
                                          // which training then increases; at least 0
  int64_t entropy_epochs = 10;            // number of first epochs with that term, at least 0
  int64_t start_epoch = 0;                // first 0-based epoch with prototypes, at least 0
  std::optional<int64_t> end_epoch = {};  // last one, at least 0. Nothing: the last epoch of the training
  PmrPrototypes prototypes = PmrPrototypes::train;  // where prototypes come from
  double fraction = 0.1;  // share of each class of train that prototypes are computed from, drawn each epoch; in (0, 1]

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;  // a new method; Error{usage} where start_epoch is after end_epoch
};

}  // namespace pdmp
