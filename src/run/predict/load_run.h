// A finished run, ready to evaluate and predict.
#pragma once

#include <filesystem>
#include <memory>

#include "pdmp/method.h"
#include "pdmp/model.h"
#include "pdmp/run.h"
#include "run/files/model_description.h"

namespace pdmp::runs {

struct LoadedRun {
  RunOptions options;  // of config.toml
  ModelDescription description;
  std::shared_ptr<Model> model;  // the selected weights, in evaluation mode
  std::unique_ptr<Method> method;
  std::shared_ptr<torch::nn::Module> method_parts;  // null where the method has none
};

// Error{usage} where there is no run, Error{data} where it is not finished or its weights were not kept. `option`: what
// the user named the directory with, for messages.
LoadedRun load_run(const std::filesystem::path& directory, const std::string& option = "`run`");

// With the weights of one of its files: RUN/checkpoints/best/weights.safetensors. The run need not be finished.
// Error{usage} where it is no such file.
LoadedRun load_run_weights(const std::filesystem::path& file, const std::string& option);

// The splits of `directory` (empty: the data set the run was trained on) with the run's modalities. Error{data} where
// classes or shapes are not the model's.
TrainingData load_data_for(const LoadedRun& run, const std::string& directory);

}  // namespace pdmp::runs
