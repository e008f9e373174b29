#include "analysis/kept_training.h"

#include <optional>

#include "base/file.h"

namespace pdmp {
namespace {

constexpr const char* kKey = "made_with";

bool has_key(const std::filesystem::path& file, const std::string& key) {
  if (!std::filesystem::exists(file)) return false;
  const nlohmann::json value = read_json(file);
  return value.is_object() && value.value(kKey, std::string()) == key;
}

}  // namespace

nlohmann::json kept_training(const std::filesystem::path& directory, const std::string& name, const std::string& key,
                             const std::function<nlohmann::json(RunDirectory*)>& train) {
  if (directory.empty()) return train(nullptr);
  const std::filesystem::path work = directory / name, kept = directory / (name + ".json");
  const std::filesystem::path work_key = work / "settings.json";
  if (has_key(kept, key)) {
    std::filesystem::remove_all(work);  // killed between keeping the result and this line
    return read_json(kept);
  }
  if (!has_key(work_key, key)) std::filesystem::remove_all(work);
  nlohmann::json result;
  {
    RunDirectory run(work);
    write_json(work_key, {{kKey, key}});
    result = train(&run);
  }
  result[kKey] = key;
  write_json(kept, result);
  std::filesystem::remove_all(work);
  return result;
}

FitResult train_jointly(const std::shared_ptr<Model>& model, const TrainingData& data, const TrainOptions& options,
                        RunDirectory* run, const std::string& label) {
  TrainOptions to_the_end = options;
  to_the_end.select = "last";
  to_the_end.patience = 0;
  const std::unique_ptr<Method> method = find_method("joint").make_options()->make();
  Trainer trainer(to_the_end, std::nullopt);
  return trainer.fit(model, *method, data, run, label);
}

}  // namespace pdmp
