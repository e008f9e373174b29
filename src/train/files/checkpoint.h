// One checkpoint folder: weights.safetensors, method.safetensors (where a method has parts of its own),
// state.safetensors (optimizer, method and generator tensors) and checkpoint.json (the rest, size and digest of each
// file, and a digest of its own).
#pragma once

#include <filesystem>
#include <functional>

#include "base/files/checked_file.h"
#include "train/files/run_directory.h"

namespace pdmp::training {

// The logs up to the checkpoint: resuming cuts them back to it.
struct LogDigests {
  FileDigest metrics, timing;
};

void write_checkpoint(const std::filesystem::path& folder, const Weights& weights, const CheckpointState& state,
                      const LogDigests& logs);
// `check_logs` looks at the logs before anything is loaded, and may throw. Error{data} where a file is missing or its
// digest is another. Weights are only touched once all files were read.
CheckpointState read_checkpoint(const std::filesystem::path& folder, const Weights& weights,
                                const std::function<void(const LogDigests&)>& check_logs);
// The weights of a finished run whose last epoch is `epoch`. Error{data} where they are missing, damaged, or those of
// another epoch.
void load_last_weights(const std::filesystem::path& folder, const Weights& weights, int64_t epoch);

}  // namespace pdmp::training
