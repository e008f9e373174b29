// How far the gradients of two modalities spread apart, as the volume they span, and what GGDM makes of it.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp::methods {

// Of an encoder's alignment gradient u and supervised gradient s, all tensors together: inner products, and the sums of
// the elements.
struct GradientMoments {
  double uu = 0, us = 0, ss = 0;
  double u_sum = 0, s_sum = 0;
};
// Undefined tensors count as zeros.
GradientMoments gradient_moments(const std::vector<Tensor>& u, const std::vector<Tensor>& s);

// Vol(u_n, s_n, s_m) = sqrt |det G| of another modality n's gradients and m's own. Encoders differ in size, so that the
// entries across are products of sums, as in the release: G is then no Gram matrix.
double surrogate_volume(const GradientMoments& other, const GradientMoments& own);

// The true volume, in [0, 1], of three vectors of one size made unit length. 0 where one is zero or undefined.
double unit_volume(const Tensor& a, const Tensor& b, const Tensor& c);

struct Damping {
  std::vector<double> share;   // t = V over the sum of all; equal where that is 0
  std::vector<double> factor;  // e = 1 - tanh(t), 1 where V is below the threshold
};
Damping damping(const std::vector<double>& volumes, double threshold);

// Mean over the batch of the mean over a row's modalities of KL(q || p_m), p_m = softmax(logits_m), q their mean.
// logits M x (B, C), present (B, M) bool. With graph, through q as well.
Tensor alignment_loss(const std::vector<Tensor>& logits, const Tensor& present);

// (C): gain * mean over rows of E_c / sum_c' (E_c' + 1), E = softplus(logits); 0.5 where that is below 0.1. logits (B,
// C), B >= 1.
Tensor belief(const Tensor& logits, double gain);

}  // namespace pdmp::methods
