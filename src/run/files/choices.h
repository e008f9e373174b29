// What is left open in the options and chosen by a trial on this machine, before training starts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "pdmp/run.h"

namespace pdmp::runs {

// What environment.json says a run goes on with.
struct RunEnvironment {
  std::string precision;  // "": nothing is said
  int64_t threads = 0;    // 0: nothing is said
};
// Nothing where there is no such file; Error{data} naming it where it is damaged.
std::optional<RunEnvironment> environment_of_run(const std::filesystem::path& run);

// fp32 or bf16. What was asked for; for `auto` the precision a run that goes on began with (environment.json), else the
// faster one for this model and batch size on this CPU. fp32 on a GPU.
std::string choose_precision(const RunOptions& options, const Dataset& train);

// Bytes that one training takes at its peak, estimated from a pass of a throwaway model.
int64_t memory_of_training(const RunOptions& options, const Dataset& train);

}  // namespace pdmp::runs
