// What one training is given.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/trainer.h"

namespace pdmp::training {

class Recorder;      // train/recorder.h
class RunDirectory;  // train/files/run_directory.h

struct TrainingInputs {
  TrainOptions options;
  std::optional<ModalityRanking> ranking;
  std::shared_ptr<Model> model;
  Method& method;
  TrainingData data;                         // test is null
  RunDirectory* run = nullptr;               // null: no checkpoint is written, and no line
  std::vector<Recorder*> recorders = {};     // of its lines, beside the run directory
  std::string label = {};                    // of the progress bar; empty: none
  std::shared_ptr<const Dataset> select_on;  // scored instead of validation; null: validation
  bool keep_correct = false;                 // the history keeps Evaluation::correct
  std::function<std::shared_ptr<Model>()> make_model;
  std::function<std::shared_ptr<Model>(int64_t m)> unimodal_model;
  std::function<void(torch::nn::Module& parts)> start_parts = {};
  std::function<std::optional<Batch>(int64_t epoch, int64_t position)> batches = {};  // empty: of a Loader
};

// How the batches of train are made.
LoaderOptions training_loader(const TrainOptions& options);

}  // namespace pdmp::training
