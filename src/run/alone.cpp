#include "run/alone.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "data/loader/modality_names.h"
#include "models/encoder_choice.h"
#include "pdmp/error.h"
#include "run/predict/load_run.h"
#include "run/run_data.h"
#include "train/files/layout.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

void check_alone(const runs::LoadedRun& run, const std::string& modality, const std::string& directory) {
  const std::vector<ModalityInfo>& found = run.description.modalities;
  if (found.size() == 1 && found[0].name == modality && run.options.method.name() == "joint") return;
  const std::vector<std::string> names = data::modality_names(found);
  throw Error(ErrorKind::usage,
              fmt::format("`alone` {0}={1}: expected a run of joint training of {0} alone, found one of {2} with {3}",
                          modality, directory, run.options.method.name(), fmt::join(names, ", ")));
}

}  // namespace

RunOptions alone_options(const RunOptions& options, const std::vector<ModalityInfo>& modalities,
                         const std::string& modality, const fs::path& directory) {
  RunOptions one = options;
  one.method = "joint";
  one.data.modalities = {modality};
  one.model = models::with_linear_head(options.model, modalities);
  std::erase_if(one.model.encoders, [&](const auto& entry) { return entry.first != modality; });
  one.train.modality_dropout = 0;
  one.alone.clear();
  one.run = directory.string();
  one.resume = fs::exists(directory);
  one.overwrite = false;
  return one;
}

std::shared_ptr<Model> runs::model_alone(const RunOptions& options, const std::vector<ModalityInfo>& modalities,
                                         int64_t m) {
  const std::string& modality = modalities[static_cast<size_t>(m)].name;
  const auto given = options.alone.find(modality);
  std::string directory = given == options.alone.end() ? "" : given->second;
  if (directory.empty()) {
    RunOptions one =
        alone_options(options, modalities, modality, fs::path(options.run) / training::run_layout::kAlone / modality);
    one.train.keep = "best";
    log_info(fmt::format("{} alone: training the model that {} learns from", modality, options.method.name()));
    train(one);
    directory = one.run;
  }
  const runs::LoadedRun loaded = runs::load_run(directory);
  check_alone(loaded, modality, directory);
  const runs::RunData data(options.data, options.train.seed);
  if (!runs::made_of_same_samples(directory, data)) {
    log_warning(fmt::format("`alone` {}={}: it was trained on other data than {} and is used all the same", modality,
                            directory, data.name()));
  }
  return loaded.model;
}

}  // namespace pdmp
