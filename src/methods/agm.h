// The arithmetic of AGM (Adaptive Gradient Modulation, section 3), apart from models.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp {

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

}  // namespace pdmp
