// The arithmetic of MLA, apart from models.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp::methods {

// Weights of modalities whose logits are summed sample by sample. Those of a row add up to 1; absent modalities have 0,
// and so has everything in a row without any.

// logits M x (B, C), present (B, M) bool -> (B, M): softmax over the modalities of minus the entropy of softmax(s_m).
Tensor entropy_weights(const std::vector<Tensor>& logits, const Tensor& present);
// In the ratio of `shares` (M), all above 0. (B, M), of the type given.
Tensor share_weights(const std::vector<double>& shares, const Tensor& present, at::ScalarType type);
// (B, C): sum_m w_m s_m.
Tensor weighted_sum(const std::vector<Tensor>& logits, const Tensor& weights);

// MLA's protection of a head that modalities take turns with (orthogonal weight modification).

enum class ProjectionForm {
  owm,     // k k^T / (alpha + r^T k): P = (I + sum r r^T / alpha)^-1 at constant alpha
  literal  // k k^T / (alpha + k r^T), element by element, as in the release: P is no projection any more
};

// P (d, d) after the mean feature r (d) was seen, k = P r. In the form owm P takes r (nearly) to zero and stays exactly
// symmetric. An r^T k that is not finite, or negative by rounding, leaves P as it is.
Tensor project_out(const Tensor& projection, const Tensor& r, double alpha, ProjectionForm form);

}  // namespace pdmp::methods
