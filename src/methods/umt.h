// How far features are from what a teacher makes of the same inputs.
#pragma once

#include "pdmp/torch.h"

namespace pdmp::methods {

// Mean over rows and features of (z - t)^2, of the rows that are present (B); undefined where none is. z, t (B, d).
inline Tensor distillation_loss(const Tensor& z, const Tensor& t, const Tensor& present) {
  const Tensor rows = present.nonzero().flatten();
  if (rows.size(0) == 0) return {};
  if (rows.size(0) == z.size(0)) return torch::mse_loss(z, t);
  return torch::mse_loss(z.index_select(0, rows), t.index_select(0, rows));
}

}  // namespace pdmp::methods
