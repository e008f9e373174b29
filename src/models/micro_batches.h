// Encoders on batches whose activations would not fit into memory: activation checkpointing (Chen et al. 2016,
// "Training deep nets with sublinear memory cost") with one checkpoint per micro-batch.
//
// Everything behind the encoders sees the whole batch, so that losses and coefficients that depend on all of it
// (contrastive losses, OGM's ratios, class weights) are what they are for a batch of that size.
#pragma once

#include "models/encode.h"

namespace pdmp::models {

// As encode_batch, of at most `rows` rows at a time (0: all at once). Where gradients are wanted, all micro-batches but
// the last are computed without a graph and again in backward, with the modes, running statistics and random numbers of
// the first time.
Feature encode_in_micro_batches(Encoder& encoder, const Tensor& x, const Tensor& present, int64_t rows);

}  // namespace pdmp::models
