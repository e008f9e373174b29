// Trainer::fit with the files of a run.
#pragma once

#include <memory>
#include <string>

#include "pdmp/trainer.h"
#include "train/files/run_directory.h"

namespace pdmp::training {

// Metrics, timing and checkpoints go to `run` (null: nowhere), and a checkpoint found in it is resumed from.
// Error{interrupted} with the state saved.
FitResult fit_in(RunDirectory* run, const Trainer& trainer, std::shared_ptr<Model> model, Method& method,
                 const TrainingData& data, const std::string& label = "");

}  // namespace pdmp::training
