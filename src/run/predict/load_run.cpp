#include "run/predict/load_run.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files/checked_file.h"
#include "base/text/json_fields.h"
#include "data/loader/modality_names.h"
#include "pdmp/error.h"
#include "train/files/best_folder.h"
#include "train/files/checkpoint.h"
#include "train/files/layout.h"
#include "train/files/weights_folder.h"
#include "train/step/precision.h"

namespace pdmp::runs {
namespace {

namespace fs = std::filesystem;

// Those of the epoch the run selected, or an error.
void load_selected_weights(const fs::path& directory, const training::Weights& weights) {
  const fs::path checkpoints = directory / training::run_layout::kCheckpoints;
  const TrainingRun summary = read_summary(directory);
  if (!fs::exists(checkpoints)) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected the weights of the run, found none; train it again with `keep` weights",
                            checkpoints.string()));
  }
  if (summary.selected_by == "last") {
    training::load_last_weights(checkpoints / training::run_layout::kLast, weights, summary.selected_epoch);
  } else {
    training::load_best_weights(checkpoints, weights, summary.selected_epoch);
  }
}

void check_run(const fs::path& directory, const std::string& option) {
  if (!fs::exists(directory / training::run_layout::kConfig)) {
    throw Error(ErrorKind::usage,
                fmt::format("{} {}: expected the run directory of `pdmp train`, found {}", option, directory.string(),
                            fs::exists(directory) ? "no config.toml in it" : "no such folder"));
  }
  if (!training::run_layout::is_finished(directory)) {
    throw Error(
        ErrorKind::data,
        fmt::format("{}: the run is not finished; go on with: pdmp train `config` {} `run` {} `resume`",
                    directory.string(), (directory / training::run_layout::kConfig).string(), directory.string()));
  }
}

void check_fits(const Dataset& data, const ModelDescription& model, const std::string& directory) {
  if (data.classes() != model.classes) {
    const char* advice =
        std::is_permutation(data.classes().begin(), data.classes().end(), model.classes.begin(), model.classes.end())
            ? "give them in this order as \"classes\" of dataset.json"
            : "pdmp predict `split` all predicts rows whatever their labels";
    throw Error(ErrorKind::data,
                fmt::format("{}: expected the classes the model was trained on ({}), found {}; {}", directory,
                            fmt::join(model.classes, ", "), fmt::join(data.classes(), ", "), advice));
  }
  for (size_t m = 0; m < model.modalities.size(); ++m) {
    const ModalityInfo &expected = model.modalities[m], &found = data.modalities()[m];
    if (expected.type != found.type || expected.shape != found.shape) {
      throw Error(ErrorKind::data, fmt::format("{}: modality '{}': expected {} of shape ({}), found {} of shape ({})",
                                               directory, expected.name, expected.type, fmt::join(expected.shape, ", "),
                                               found.type, fmt::join(found.shape, ", ")));
    }
  }
}

// With the weights its options begin with.
LoadedRun make_run(const fs::path& directory) {
  LoadedRun run;
  run.options = read_config(directory / training::run_layout::kConfig);
  run.options.model.pretrained = false;
  if (!training::cpu_has_bf16()) run.options.train.precision = "fp32";  // a run from another machine is of use here too
  run.description = read_model_description(directory / training::run_layout::kModel);
  run.model = std::make_shared<Model>(run.description.modalities, static_cast<int64_t>(run.description.classes.size()),
                                      run.options.model, run.options.train.seed);
  run.method = run.options.method.make();
  run.method_parts = run.method->extend(*run.model);
  run.model->eval();
  if (run.method_parts) run.method_parts->eval();
  return run;
}

training::Weights weights_of(LoadedRun& run) {
  return {.model = *run.model,
          .method_parts = run.method_parts.get(),
          .average = nullptr,
          .read_averaged = run.options.train.ema > 0};
}

// The file that lists the weights of a folder of checkpoints/; empty where there is none.
fs::path index_of(const fs::path& folder) {
  for (const char* name : {training::run_layout::kBestIndex, training::run_layout::kCheckpointIndex}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  return {};
}

}  // namespace

LoadedRun load_run(const fs::path& directory, const std::string& option) {
  check_run(directory, option);
  LoadedRun run = make_run(directory);
  load_selected_weights(directory, weights_of(run));
  return run;
}

LoadedRun load_run_weights(const fs::path& file, const std::string& option) {
  const fs::path folder = fs::absolute(file).parent_path(), directory = folder.parent_path().parent_path();
  const fs::path index_file = index_of(folder);
  if (file.filename() != training::run_layout::kWeights || index_file.empty() ||
      !fs::exists(directory / training::run_layout::kConfig)) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} {}: expected a run directory or RUN/checkpoints/best/weights.safetensors, found another "
                    "file; weights of one encoder are for `encoders`.MODALITY.weights",
                    option, file.string()));
  }
  constexpr const char* kRestore = "restore the folder, or start from other weights";
  LoadedRun run = make_run(directory);
  const nlohmann::json index = read_checked_json(index_file, kRestore, /*must_have_digest=*/true);
  training::load_weights_files(folder, JsonFields(index, index_file, kRestore), weights_of(run));
  return run;
}

TrainingData load_data_for(const LoadedRun& run, const std::string& directory) {
  DataOptions options = run.options.data;
  if (!directory.empty()) options.data = directory;
  if (options.data.empty()) {
    throw Error(ErrorKind::usage, "`data` is missing: the run was trained on samples in memory; name a data set");
  }
  options.trains = false;
  options.modalities = data::modality_names(run.description.modalities);
  TrainingData data = load_data(options, run.options.train.seed);
  for (const auto& split : {data.train, data.val, data.test}) {
    if (split) check_fits(*split, run.description, options.data);
  }
  return data;
}

}  // namespace pdmp::runs
