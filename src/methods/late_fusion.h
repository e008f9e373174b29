// Weights of modalities whose logits are summed sample by sample. Those of a row add up to 1; absent modalities have 0,
// and so has everything in a row without any.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp {

// logits M x (B, C), present (B, M) bool -> (B, M): softmax over the modalities of minus the entropy of softmax(s_m).
Tensor entropy_weights(const std::vector<Tensor>& logits, const Tensor& present);
// In the ratio of `shares` (M), all above 0. (B, M), of the type given.
Tensor share_weights(const std::vector<double>& shares, const Tensor& present, at::ScalarType type);
// (B, C): sum_m w_m s_m.
Tensor weighted_sum(const std::vector<Tensor>& logits, const Tensor& weights);

}  // namespace pdmp
