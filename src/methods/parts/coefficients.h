// The factors PDMP puts on the encoders' gradients (PDMP, Eq. 10-12).
#pragma once

#include <string>
#include <vector>

#include "pdmp/method.h"
#include "pdmp/methods/pdmp.h"
#include "pdmp/options.h"

namespace pdmp::methods {

// One factor per modality, gamma for the performance-dominant one. The policies differ with three modalities or more
// only. gamma >= 1; 1 gives ones. Error{usage} where `ranked` lacks the early accuracies.
std::vector<double> pdmp_coefficients(const ModalityRanking& ranking, double gamma, PdmpMultiPolicy policy);

// Factors by hand, in the order of `modalities`. Error{usage}, about `option`, unless every modality has one, a number
// above 0.
std::vector<double> manual_coefficients(const NameMap& coefficients, const std::vector<std::string>& modalities,
                                        const std::string& option = "`pdmp.coefficients`");

// Error{usage} where two modalities go through one encoder: neither has parameters that a coefficient could act on.
void expect_own_encoders(Model& model, const char* method = "pdmp");

}  // namespace pdmp::methods
