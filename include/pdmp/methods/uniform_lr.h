// Joint training with another learning rate, for everything or for each modality: the ablation in the discussion of
// PDMP, which shows whether a gain comes from faster encoders or only from a faster network.
#pragma once

#include "pdmp/method_options.h"

namespace pdmp {

// Options of uniform_lr. Flags --uniform_lr.<name>.
struct UniformLrOptions {
  static constexpr const char* kMethod = "uniform_lr";

  double factor = 1;     // on every learning rate, above 0; 1 is joint training
  NameMap factors = {};  // modality -> further factor on its parameters, above 0, for all modalities. Empty: 1 each

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
