// What the samples of each class count in the loss: `--class-weights`.
#pragma once

#include <string>

#include "pdmp/dataset.h"

namespace pdmp::optim {

// (C) float64, undefined for `none`. `balanced`: n / (C n_c) from the labels of `train` (scikit-learn's
// class_weight="balanced"), 0 for a class without samples; else one number per class, "1,2,3,4". Error{usage}.
Tensor class_weights(const std::string& text, const Dataset& train);

}  // namespace pdmp::optim
