// What the fusion says of each modality alone: the logits that methods give a loss of their own.
#pragma once

#include <vector>

#include "pdmp/model.h"

namespace pdmp::methods {

// M x (B, C), with graph. Where the head is linear: the fused logits with every other modality missing, whole bias
// included. Other fusions give their own unimodal logits: one in which modalities gate each other would say nothing.
// The passes leave no trace: neither running statistics nor dropout.
std::vector<Tensor> own_logits(Model& model, const std::vector<Feature>& features, const Tensor& present);

}  // namespace pdmp::methods
