// How well two modalities match, sample by sample, without labels; and how much that counts as training goes on (LFM).
#pragma once

#include <cstdint>

#include "pdmp/torch.h"

namespace pdmp::methods {

// a, b (B, d) features of the same samples. Each is to be most like its own counterpart among those of the batch: the
// mean of both directions' cross-entropies of cosines / tau. A feature shorter than 1e-8 is like nothing.
Tensor info_nce(const Tensor& a, const Tensor& b, double tau);

// a, b (B, C) logits; p, r their probabilities, m = (p + r) / 2. Means over the batch.
//   js: (KL(p, m) + KL(r, m)) / 2;  reversed_js: (KL(m, p) + KL(m, r)) / 2
Tensor js(const Tensor& a, const Tensor& b);
Tensor reversed_js(const Tensor& a, const Tensor& b);

// Weight of matching against classification in a 0-based epoch.
//   heuristic: 1 - exp(-1 / t), t = 1, 2, ...
//   fitted: a polynomial of 200 epochs stretched over `epochs`, in [0.05, 0.95]; afterwards as in the last of them
double heuristic_weight(int64_t epoch);
double fitted_weight(int64_t epoch, int64_t epochs);

// What any weight that follows a run is kept within.
double within_bounds(double weight);

}  // namespace pdmp::methods
