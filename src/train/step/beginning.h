// Hashes of what a training began with (Beginning): equal where two trainings began alike.
#pragma once

#include <string>

#include "pdmp/model.h"

namespace pdmp::training {

// modality -> hash of its encoder's parameters; an encoder of several modalities is under each of them.
NameMap encoder_hashes(Model& model);

// `before` ("" at the start) continued by the samples of one more batch, index (B) int64.
std::string hash_of_batches(const std::string& before, const Tensor& index);

}  // namespace pdmp::training
