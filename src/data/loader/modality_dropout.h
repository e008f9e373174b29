// Modality dropout: training samples go without modalities they have, so that a model learns to do without.
#pragma once

#include "pdmp/fwd.h"
#include "pdmp/random.h"

namespace pdmp::data {

// present (B, M) bool -> (B, M) bool: each modality of each sample is taken away with `probability`, but where that
// would leave none, one of them chosen at random stays. Draws M numbers a sample, and one more where one must stay.
Tensor drop_modalities(const Tensor& present, double probability, RandomStream& random);

}  // namespace pdmp::data
