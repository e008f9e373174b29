// What methods need to know of the model when they build the forward pass themselves.
#pragma once

#include <string>
#include <vector>

#include "pdmp/model.h"

namespace pdmp::methods {

// W_m (C, d_m) of each modality where the fused logits are sum_m W_m z_m plus biases (fusions concat and sum). Empty
// where they are not, or where one W serves several modalities.
std::vector<Tensor> linear_blocks(Model& model);

// Error{usage}, in the name of `method`, for any other fusion: of a method that puts a head of its own in its place.
void expect_replaceable_fusion(Model& model, const std::string& method);

// M features of the batch, not fused.
std::vector<Feature> encode_all(Model& model, const Batch& batch);

}  // namespace pdmp::methods
