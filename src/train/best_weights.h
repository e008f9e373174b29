// The weights of the best epoch so far: which one it is, and where they are kept.
#pragma once

#include <cstdint>
#include <vector>

#include "train/files/run_directory.h"
#include "train/step/best_epoch.h"
#include "train/step/trained_parts.h"

namespace pdmp::training {

class BestWeights {
 public:
  // `best` and `parts` must outlive it. `run`: they are kept there, in checkpoints/best; null: in memory.
  BestWeights(BestEpoch& best, const TrainedParts& parts, RunDirectory* run) : best_(best), parts_(parts), run_(run) {}

  // Keeps the weights where `scores`, of `epoch` on held-out samples, are the best so far. Error{usage} where the
  // metric is undefined on these samples. `keep` false: only the epoch is noted, for --patience.
  void consider(const Evaluation& scores, int64_t epoch, bool keep);
  bool any() const { return best_.epoch() >= 0; }
  int64_t epoch() const { return best_.epoch(); }
  // For a training that goes on from `state`, whose weights are in place. Error{data} where the best ones are lost.
  void recover(const CheckpointState& state);
  void restore();  // puts them into the model

 private:
  BestEpoch& best_;
  const TrainedParts& parts_;
  RunDirectory* run_;
  std::vector<Tensor> copies_;  // without a run directory
};

}  // namespace pdmp::training
