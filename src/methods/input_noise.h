// Inputs made worse by a known amount (UDML): level 1 is clean, 2 to 10 add Gaussian noise, 11 leaves nothing else.
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/torch.h"

namespace pdmp {

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

}  // namespace pdmp
