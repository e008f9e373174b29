// The arithmetic of UDML, apart from models.
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/torch.h"

namespace pdmp::methods {

// How much each modality of a sample counts, by the noise it is thought to have (UDML).

// log_variance (B, M) = 2 ln n, of predicted noise levels n; present (B, M) bool. u_m = K n_m^-2 / sum_j n_j^-2 over
// the K modalities that a row has; 0 for the others.
Tensor inverse_variance_weights(const Tensor& log_variance, const Tensor& present);

// v_m = K (u_m / D_m) / sum_j (u_j / D_j): weights (B, M) freed of the model's own preference, dependency (M) > 0.
Tensor weights_over_dependency(const Tensor& weights, const Tensor& dependency, const Tensor& present);

// mean, deviation (n, ...), level (n) -> (n): the divergence of N(mean, deviation^2) from N(0, level), summed over all
// entries of a row.
Tensor divergence_from_noise(const Tensor& mean, const Tensor& deviation, const Tensor& level);

// Inputs made worse by a known amount (UDML): level 1 is clean, 2 to 10 add Gaussian noise, 11 leaves nothing else.

// (B, M) float: the levels of the samples `index` (B). Each sample's are a function of `seed` and its position: half of
// the samples are clean, the others have a level of 1 to 11 per modality. Text is always clean.
Tensor noise_levels(const Tensor& index, const std::vector<ModalityInfo>& infos, uint64_t seed);

// x (B, shape...), level (B). Clean rows are what they were. Standard deviation of the noise, 25.5 times that at level
// 11:
//   image, frames, flow   level^2 of 255 gray values, the same in every channel, results clamped to [0, 255]; pictures
//                         are taken to be normalised as this program does it by default
//   everything else       level, on the values as they are
// Draws from the default generator.
Tensor with_noise(const Tensor& x, const ModalityInfo& info, const Tensor& level);

}  // namespace pdmp::methods
