// Trainings of one modality each, in step over the same batches.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "pdmp/dataset.h"
#include "train/training_loop.h"

namespace pdmp::analysis {

struct Lane {
  training::TrainingLoop* loop;
  int64_t modality;  // position in `train`: what of a batch is its own
};

// Begins and trains every lane to its last epoch, each with the numbers it has when it is trained alone: every sample
// is loaded once, and each lane has LibTorch's generator as if it were the only one. Lanes that go on from checkpoints
// of different moments catch up with each other. `enough(epochs)` ends it early: asked between epochs, when every lane
// has finished that many. Error{interrupted} after Ctrl-C or SIGTERM, with every lane saved.
void train_side_by_side(const std::vector<Lane>& lanes, const std::shared_ptr<const Dataset>& train,
                        const TrainOptions& options, const std::function<bool(int64_t epochs)>& enough);

}  // namespace pdmp::analysis
