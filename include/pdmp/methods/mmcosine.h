// MMCosine (ICASSP 2023): features and class weights of each modality are normalized, and the fused logits are the sum
// of the scaled cosines, so that no modality dominates by magnitude.
#pragma once

#include "pdmp/method_options.h"

namespace pdmp {

// Options of mmcosine. Flags --mmcosine.<name>.
struct MmCosineOptions {
  static constexpr const char* kMethod = "mmcosine";

  double scale = 10;      // factor on the cosines, above 0; 2 to 6 act as a margin
  bool official = false;  // evaluate by the plain linear head with its bias, as the CREMA-D script of the release does

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
