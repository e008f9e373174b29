// One checkpoint folder: weights.safetensors, method.safetensors (where a method has parts of its own),
// state.safetensors (optimizer, method and generator tensors) and checkpoint.json (the rest, and the size of each
// file).
#pragma once

#include <filesystem>

#include "train/run_directory.h"

namespace pdmp {

// Log lengths belong to the checkpoint: resuming cuts the logs back to them.
struct LogLengths {
  uint64_t metrics = 0, timing = 0;
};

void write_checkpoint(const std::filesystem::path& folder, const Weights& weights, const CheckpointState& state,
                      const LogLengths& lengths);
// Error{data} where a file is missing, cut or malformed. Weights are only touched once all files were read.
CheckpointState read_checkpoint(const std::filesystem::path& folder, const Weights& weights, LogLengths& lengths);

}  // namespace pdmp
