// Modality dropout (ModDrop, TPAMI 2016): modalities of training samples are removed at random, so that the model
// cannot rely on any of them. A sample always keeps one.
#pragma once

#include "pdmp/method_options.h"

namespace pdmp {

// What shares a random choice.
enum class ModalityDropoutPer {
  sample,  // nothing: each sample has its own
  batch,   // all samples of a batch lose the same modalities
};
template <>
inline constexpr auto kChoiceNames<ModalityDropoutPer> = choice_names("sample", "batch");

// Options of modality_dropout. Flags --modality_dropout.<name>.
struct ModalityDropoutOptions {
  static constexpr const char* kMethod = "modality_dropout";

  double p = 0.2;  // probability that a modality is removed, in [0, 1); 0 is joint training
  ModalityDropoutPer per = ModalityDropoutPer::sample;  // what shares a random choice

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
