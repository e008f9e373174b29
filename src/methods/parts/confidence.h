// How right each modality is on its own: what methods compare modalities by. No graph is kept.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp::methods {

// logits M x (B, C), present (B, M) bool, labels (B). One number per modality, the mean over the rows that have it; NaN
// where none has.
//   mean_confidence: probability of the true class;  mean_cross_entropy: -log of it, floored at 1e-8
std::vector<double> mean_confidence(const std::vector<Tensor>& logits, const Tensor& present, const Tensor& labels);
std::vector<double> mean_cross_entropy(const std::vector<Tensor>& logits, const Tensor& present, const Tensor& labels);

}  // namespace pdmp::methods
