// DGL (Disentangled gradient learning, ICCV 2025): no gradient passes from the fusion to the encoders. The fused loss,
// on detached features, trains the fusion. Each encoder learns from a loss of the logits that the fusion, as a
// constant, gives for its modality alone.
#pragma once

#include "pdmp/method_options.h"

namespace pdmp {

// Options of dgl. Flags --dgl.<name>.
struct DglOptions {
  static constexpr const char* kMethod = "dgl";

  double alpha = 4;  // weight of the unimodal losses, the only ones that encoders learn from; at least 0

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp
