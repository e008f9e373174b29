// One descent direction for the two losses of an encoder (MMPareto, ICML 2024).
#pragma once

#include <vector>

#include "pdmp/methods/mmpareto.h"
#include "pdmp/torch.h"

namespace pdmp::methods {

struct MergedGradient {
  std::vector<Tensor> tensors;  // undefined where both gradients are
  double cosine = 0;            // of the two gradients, all tensors together
  double weight = 0.5;          // of the fused loss's gradient, 1 - weight of the other
  bool conflict = false;        // cosine <= 0: weights of the shortest vector between the two instead of halves
  Tensor stretch;               // scalar: mean factor on tensors; undefined where nothing was stretched
};

// `fused`, `own`: gradients of the encoder's tensors under the fused loss and the modality's own. Of a pair, an
// undefined one counts as zeros. The result is gamma times as long as the sum of both.
MergedGradient merge_gradients(const std::vector<Tensor>& fused, const std::vector<Tensor>& own, double gamma,
                               MmParetoRescale rescale);

}  // namespace pdmp::methods
