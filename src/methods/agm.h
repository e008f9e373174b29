// The arithmetic of AGM (Adaptive Gradient Modulation, section 3), apart from models.
#pragma once

#include <vector>

#include "pdmp/model.h"
#include "pdmp/torch.h"

namespace pdmp::methods {

struct AgmFactors {
  std::vector<double> lead;          // r: exp(mean of the others' scores - own score), above 1 = ahead in this step
  std::vector<double> usual_lead;    // tau: the same of the running averages
  std::vector<double> coefficients;  // kappa: exp(alpha min(tau - r, cap))
};

// Scores are cross-entropies, M of both. One that is not finite (nobody has the modality, no step so far) takes no
// part: leads are 1 for it, and where nothing is left to compare with; so is the coefficient where `lead` is unknown.
AgmFactors agm_factors(const std::vector<double>& scores, const std::vector<double>& averages, double alpha,
                       double cap);

// `fused` in value. In gradient sum_m coefficients[m] shares[m], where the shares sum to `fused`.
Tensor agm_logits(const Tensor& fused, const std::vector<Tensor>& shares, const std::vector<double>& coefficients);

// What a model says when the inputs of some modalities are replaced by zeros (AGM, section 3.1).

// M x (B, C), with graph. Shapley values of the game S -> F(S), the fused logits of the batch with zeros in the place
// of the inputs of the modalities outside of S, in evaluation mode: running statistics, no dropout, and no trace of
// these passes. F(all) is `whole` (B, C), of the training pass. A row that lacks a modality lacks it in every S.
std::vector<Tensor> shapley_logits_of_inputs(Model& model, const Batch& batch, const Tensor& whole);

}  // namespace pdmp::methods
