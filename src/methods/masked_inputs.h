// What a model says when the inputs of some modalities are replaced by zeros (AGM, section 3.1).
#pragma once

#include <vector>

#include "pdmp/model.h"

namespace pdmp {

// M x (B, C), with graph. Shapley values of the game S -> F(S), the fused logits of the batch with zeros in the place
// of the inputs of the modalities outside of S, in evaluation mode: running statistics, no dropout, and no trace of
// these passes. F(all) is `whole` (B, C), of the training pass. A row that lacks a modality lacks it in every S.
std::vector<Tensor> shapley_logits_of_inputs(Model& model, const Batch& batch, const Tensor& whole);

}  // namespace pdmp
