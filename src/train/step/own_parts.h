// Trainable parts that a method has beside the model.
#pragma once

#include <vector>

#include "pdmp/optimizer.h"
#include "pdmp/torch.h"

namespace pdmp::training {

// Parameters of the method's own parts that it put in no group get one of their own. `parts` may be null.
std::vector<ParameterGroup> with_own_parts(std::vector<ParameterGroup> groups, const torch::nn::Module* parts);

}  // namespace pdmp::training
