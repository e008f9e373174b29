// Where a training stands between two steps. Together with what is trained it is the checkpoint.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/metric.h"
#include "pdmp/random.h"
#include "pdmp/trainer.h"
#include "train/files/run_directory.h"
#include "train/step/best_epoch.h"
#include "train/step/step_log.h"
#include "train/step/trained_parts.h"

namespace pdmp::training {

struct TrainingState {
  TrainingState(uint64_t seed, const Metric& metric);

  int64_t epoch = 0;    // 0-based; after the last one: the number of epochs
  int64_t batch = 0;    // steps done in it
  int64_t step = 0;     // steps done in all
  RandomStream random;  // the method's own stream
  EpochSums sums;       // of the epoch so far
  std::vector<EpochRecord> history;
  Beginning beginning;  // with a run directory only
  BestEpoch best;

  // With optimizer, method and LibTorch's generator; the weights are the caller's.
  CheckpointState save(const TrainedParts& parts) const;
  // nlohmann's exception where `saved` is no state of such a training.
  void load(const CheckpointState& saved, TrainedParts& parts);
};

}  // namespace pdmp::training
