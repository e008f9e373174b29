// What is left open in the options and chosen by a trial on this machine, before training starts.
#pragma once

#include <cstdint>
#include <string>

#include "pdmp/run.h"

namespace pdmp {

// fp32 or bf16. What was asked for; for `auto` the precision a run that goes on began with (environment.json), else the
// faster one for this model and batch size on this CPU. fp32 on a GPU.
std::string choose_precision(const RunOptions& options, const Dataset& train);

// Bytes that one training takes at its peak, estimated from a pass of a throwaway model.
int64_t memory_of_training(const RunOptions& options, const Dataset& train);

}  // namespace pdmp
