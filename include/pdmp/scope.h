// Which parameters of a modality a method acts on.
#pragma once

#include "pdmp/options.h"

namespace pdmp {

// A subset of the parameters that one modality owns (Model::ownership; docs/design.md, section 4).
enum class Scope {
  encoder_all,        // every parameter of the encoder
  encoder_conv,       // filters of the encoder's convolutions, over one, two or three dimensions
  encoder_non1d,      // every parameter of the encoder that is not a vector
  encoder_plus_head,  // every parameter of the encoder, and the modality's part of the head
};
template <>
inline constexpr auto kChoiceNames<Scope> = choice_names("encoder_all", "encoder_conv", "encoder_non1d",
                                                         "encoder_plus_head");

}  // namespace pdmp
