#include "analysis/kept_training.h"

#include <utility>

#include "base/files/checked_file.h"
#include "base/text/json_fields.h"
#include "train/fit_in.h"

namespace pdmp::analysis {
namespace {

constexpr const char* kKey = "made_with";

// Content of a file made with this key; nothing where there is none.
std::optional<nlohmann::json> read_kept(const std::filesystem::path& file, const std::string& key) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  constexpr const char* kAdvice = "delete it to train again what it is of";
  nlohmann::json value = read_checked_json(file, kAdvice);
  if (JsonFields(value, file, kAdvice).get<std::string>(kKey) != key) return std::nullopt;
  return value;
}

}  // namespace

KeptTraining::KeptTraining(const std::filesystem::path& directory, const std::string& name, const std::string& key)
    : work_(directory / name), file_(directory / (name + ".json")), key_(key) {
  if (directory.empty()) return;
  const std::filesystem::path work_key = work_ / "settings.json";
  result_ = read_kept(file_, key);
  if (result_) {
    std::filesystem::remove_all(work_);  // killed between keeping the result and removing this
    return;
  }
  if (!read_kept(work_key, key)) std::filesystem::remove_all(work_);
  run_ = std::make_unique<training::RunDirectory>(work_);
  write_checked_json(work_key, {{kKey, key}});
}

void KeptTraining::finish(nlohmann::json result) {
  result_ = std::move(result);
  if (!run_) return;
  (*result_)[kKey] = key_;
  write_checked_json(file_, *result_);
  run_.reset();
  std::filesystem::remove_all(work_);
}

nlohmann::json kept_training(const std::filesystem::path& directory, const std::string& name, const std::string& key,
                             const std::function<nlohmann::json(training::RunDirectory*)>& train) {
  KeptTraining kept(directory, name, key);
  if (!kept.finished()) kept.finish(train(kept.run()));
  return kept.result();
}

TrainOptions to_the_end(TrainOptions options) {
  options.select = "last";
  options.patience = 0;
  options.ema = 0;  // an average lags behind, and it is the beginning that is looked at
  return options;
}

FitResult train_jointly(const std::shared_ptr<Model>& model, const TrainingData& data, const TrainOptions& options,
                        training::RunDirectory* run, const std::string& label) {
  const std::unique_ptr<Method> method = find_method("joint").make_options()->make();
  return training::fit_in(run, Trainer(to_the_end(options), std::nullopt), model, *method, data, label);
}

}  // namespace pdmp::analysis
