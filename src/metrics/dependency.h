// How much the fused logits rest on each modality (PDMP, Eq. 5; models.md section 4).
#pragma once

#include <vector>

#include "pdmp/fwd.h"

namespace pdmp::metrics {

// W_m = mean over the batch of sum_c |s_m[b, c]|. unimodal: M x (B, C) logits; detached, summed in double. Zeros for B
// = 0. With two modalities w = W_1 / W_2; with more, shares W_m / sum W.
std::vector<double> dependency_sums(const std::vector<Tensor>& unimodal);

}  // namespace pdmp::metrics
