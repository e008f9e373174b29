// The factors OGM puts on the encoders' gradients (OGM-GE, Eq. 8-10).
#pragma once

#include <vector>

#include "pdmp/methods/ogm.h"

namespace pdmp::methods {

// How far ahead of the others each modality is. Confidences that are not finite (nobody has the modality) take no part:
// the ratio is 1 for them, and where nothing else is left to compare with.
//   mean_pairwise: mean over n != m of conf_m / conf_n;  min_ref: conf_m / min_n conf_n
// Both are conf_m / conf_n for two modalities where conf_m is the larger one, all that a coefficient depends on.
std::vector<double> ogm_ratios(const std::vector<double>& confidence, OgmMulti multi);

// 1 - tanh(alpha ratio) where the ratio is above 1, else 1.
double ogm_coefficient(double ratio, double alpha);

}  // namespace pdmp::methods
