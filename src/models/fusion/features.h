// Features as a fusion looks at them: which rows are there, one modality alone, means over what is there.
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/model.h"

namespace pdmp::models {

// (B, 1), of the type of the features: 1 in rows that have modality m, 0 elsewhere. The feature of an absent modality
// is zero, but what a layer makes of it is the layer's bias: multiplied by this, neither the bias counts there nor its
// gradient.
Tensor presence(const std::vector<Feature>& features, const Tensor& present, int64_t m);

// values N x (B, d), there N x (B, 1) of zeros and ones, N >= 1 -> (B, d): the mean over the values that are there,
// zeros in rows where none is.
Tensor mean_of_present(const std::vector<Tensor>& values, const std::vector<Tensor>& there);

// F({m}) for each modality m: the fused logits of the same rows with every other modality zero and absent. M passes.
std::vector<Tensor> masked_logits(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present);

}  // namespace pdmp::models
