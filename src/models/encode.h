// One modality of a batch through its encoder.
#pragma once

#include "pdmp/model.h"

namespace pdmp::models {

// x (B, shape...), present (B) bool. Rows that lack the modality are never shown to the encoder and come back as zeros
// without gradient. A single row has no batch statistics: BatchNorm uses its running ones for it in training too.
Feature encode_batch(Encoder& encoder, const Tensor& x, const Tensor& present);

}  // namespace pdmp::models
