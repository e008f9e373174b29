// Trainings an analysis is made of: each can be killed and goes on, and a finished one is not done again.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "pdmp/trainer.h"
#include "train/files/run_directory.h"

namespace pdmp::analysis {

// A result kept as `directory/name.json`. Until it is there, `directory/name/` is the run directory of the training; it
// is removed afterwards. `key` says what the result depends on: with another one, both are of no use and are replaced.
// `directory` empty: nothing is written.
class KeptTraining {
 public:
  KeptTraining(const std::filesystem::path& directory, const std::string& name, const std::string& key);
  bool finished() const { return result_.has_value(); }
  const nlohmann::json& result() const { return *result_; }  // once finished
  training::RunDirectory* run() { return run_.get(); }       // null without a directory, and once finished
  void finish(nlohmann::json result);

 private:
  std::filesystem::path work_, file_;
  std::string key_;
  std::optional<nlohmann::json> result_;
  std::unique_ptr<training::RunDirectory> run_;
};

// What `train` returns, or returned before. It gets the run directory, null without one.
nlohmann::json kept_training(const std::filesystem::path& directory, const std::string& name, const std::string& key,
                             const std::function<nlohmann::json(training::RunDirectory*)>& train);

// `options` for a training that goes to its last epoch and keeps that.
TrainOptions to_the_end(TrainOptions options);

// Plain joint training to the last epoch, scored on data.val after each.
FitResult train_jointly(const std::shared_ptr<Model>& model, const TrainingData& data, const TrainOptions& options,
                        training::RunDirectory* run, const std::string& label);

}  // namespace pdmp::analysis
