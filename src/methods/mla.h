// The arithmetic of MLA, apart from models.
#pragma once

#include <vector>

#include "pdmp/methods/mla.h"
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

// P (d, d) after the mean feature r (d) was seen. With owm P takes r (nearly) to zero and stays exactly symmetric.
// `off`, and an r^T P r that is not finite, or negative by rounding, leave P as it is.
Tensor project_out(const Tensor& projection, const Tensor& r, double alpha, MlaGm gm);

}  // namespace pdmp::methods
