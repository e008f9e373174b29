// How much an encoder's gradient should grow: more for a modality that is sure of its answers and hardly counts in the
// decision (ARL, ICCV 2025).
#pragma once

#include <vector>

#include "pdmp/methods/arl.h"
#include "pdmp/torch.h"

namespace pdmp::methods {

struct AsymmetryRule {
  double temperature = 8;
  double floor = 0.3;  // of an entropy share of two; 2 / M of it of M
  ArlVariance variance = ArlVariance::entropy_share;
  ArlRatio ratio = ArlRatio::other_share;
};

// One number per modality, of the batch. Modalities that no row has are NaN everywhere and left out of what is summed;
// `weight` is NaN where fewer than two are there.
struct Asymmetry {
  std::vector<double> dependency;  // d: sum over classes of the mean of |s|
  std::vector<double> share;       // d over the sum of all; equal where that is 0
  std::vector<double> entropy;     // H: mean entropy of softmax(s), in nats
  std::vector<double> certainty;   // q: 1 / variance over the sum of all
  std::vector<double> weight;      // k = softmax over m of T q (1 - share) / (M - 1), or of T q / d
};

// logits M x (B, C), present (B, M) bool. No graph is kept.
Asymmetry asymmetry(const std::vector<Tensor>& logits, const Tensor& present, const AsymmetryRule& rule);

// 1 / max(share, floor) over the sum of all, where a share is an entropy over the sum of all (equal where that is 0).
std::vector<double> inverse_shares(const std::vector<double>& entropies, double floor);

}  // namespace pdmp::methods
