// What the steps of a run cost, measured on a few real ones.
#pragma once

#include <cstdint>

#include "pdmp/run.h"

namespace pdmp::runs {

struct TrialCost {
  int64_t steps = 0;                                // that were timed
  double step_seconds = 0, evaluation_seconds = 0;  // of one step, of one pass over validation
  double start_seconds = 0;  // that this process had computed before: what a training begins with
  int64_t peak_bytes = 0;    // of this process
  // Of one set of weights, of the other files of a checkpoint, of one line of metrics.jsonl.
  int64_t weight_bytes = 0, state_bytes = 0, line_bytes = 0;
};

// Trains an untrained copy for a few steps. With `on_disk` its first step has a run directory below the system's
// temporary folder, which is weighed and removed; without, the sizes of files are 0.
enum class TrialPlace { in_memory, on_disk };
TrialCost measure_trial(const RunOptions& options, const TrainingData& data, TrialPlace place = TrialPlace::in_memory);

// Bytes that a run of these options leaves behind and that it needs while it trains, checkpoints, logs and predictions,
// by a trial on disk.
struct RunDisk {
  int64_t finished = 0, training = 0;
};
RunDisk disk_of_run(const RunOptions& options, const TrainingData& data, const TrialCost& trial);

}  // namespace pdmp::runs
