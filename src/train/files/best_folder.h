// checkpoints/best: the weights of the best epoch so far, and best.json, which says which epoch that is.
#pragma once

#include <filesystem>

#include "train/files/run_directory.h"

namespace pdmp::training {

void write_best(const std::filesystem::path& checkpoints, const Weights& weights, int64_t epoch);

// Error{data} where the folder is missing, damaged, or holds the weights of another epoch.
void load_best_weights(const std::filesystem::path& checkpoints, const Weights& weights, int64_t epoch);

// Puts the weights of `epoch` in place for a run that goes on at `next_epoch`: where a process was killed between two
// renames, from the folder they lie in. Whether they are there, or an epoch from `next_epoch` on is, whose weights will
// be written again. Removes what else is left over.
bool recover_best(const std::filesystem::path& checkpoints, int64_t epoch, int64_t next_epoch);

}  // namespace pdmp::training
