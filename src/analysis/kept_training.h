// Trainings an analysis is made of: each can be killed and goes on, and a finished one is not done again.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "pdmp/trainer.h"
#include "train/run_directory.h"

namespace pdmp {

// What `train` returns, kept as `directory/name.json`. While it trains, `directory/name/` is its run directory; it is
// removed afterwards. `key` says what the result depends on: with another one, both are of no use and are replaced.
// `directory` empty: nothing is written and `train` gets null.
nlohmann::json kept_training(const std::filesystem::path& directory, const std::string& name, const std::string& key,
                             const std::function<nlohmann::json(RunDirectory*)>& train);

// Plain joint training to the last epoch, scored on data.val after each.
FitResult train_jointly(const std::shared_ptr<Model>& model, const TrainingData& data, const TrainOptions& options,
                        RunDirectory* run, const std::string& label);

}  // namespace pdmp
