// How much each modality of a sample counts, by the noise it is thought to have (UDML).
#pragma once

#include "pdmp/torch.h"

namespace pdmp {

// log_variance (B, M) = 2 ln n, of predicted noise levels n; present (B, M) bool. u_m = K n_m^-2 / sum_j n_j^-2 over
// the K modalities that a row has; 0 for the others.
Tensor inverse_variance_weights(const Tensor& log_variance, const Tensor& present);

// v_m = K (u_m / D_m) / sum_j (u_j / D_j): weights (B, M) freed of the model's own preference, dependency (M) > 0.
Tensor weights_over_dependency(const Tensor& weights, const Tensor& dependency, const Tensor& present);

// mean, deviation (n, ...), level (n) -> (n): the divergence of N(mean, deviation^2) from N(0, level), summed over all
// entries of a row.
Tensor divergence_from_noise(const Tensor& mean, const Tensor& deviation, const Tensor& level);

}  // namespace pdmp
