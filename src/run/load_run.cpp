#include "run/load_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "pdmp/error.h"
#include "train/precision.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

// checkpoints/best where it is the epoch the run selected, else checkpoints/last.
fs::path selected_weights(const fs::path& directory) {
  const fs::path checkpoints = directory / "checkpoints";
  const int64_t selected = read_summary(directory).selected_epoch;
  const fs::path best = checkpoints / "best";
  const bool is_best =
      fs::exists(best / "best.json") && read_json(best / "best.json").value("epoch", int64_t{-1}) == selected;
  const fs::path folder = is_best ? best : checkpoints / "last";
  if (!fs::exists(folder / "weights.safetensors")) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected the weights of the run, found none; train it again with --keep weights",
                            (folder / "weights.safetensors").string()));
  }
  return folder;
}

void check_run(const fs::path& directory) {
  if (!fs::exists(directory / "config.toml")) {
    throw Error(ErrorKind::usage,
                fmt::format("--run {}: expected the run directory of `pdmp train`, found no config.toml in it",
                            directory.string()));
  }
  if (!fs::exists(directory / "summary.json")) {
    throw Error(ErrorKind::data,
                fmt::format("{}: the run is not finished; go on with: pdmp train --config {} --run {} --resume",
                            directory.string(), (directory / "config.toml").string(), directory.string()));
  }
}

void check_fits(const Dataset& data, const ModelDescription& model, const std::string& directory) {
  if (data.classes() != model.classes) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected the classes the model was trained on ({}), found {}", directory,
                            fmt::join(model.classes, ", "), fmt::join(data.classes(), ", ")));
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

}  // namespace

LoadedRun load_run(const fs::path& directory) {
  check_run(directory);
  LoadedRun run;
  run.options = read_config(directory / "config.toml");
  run.options.model.pretrained = false;
  if (!cpu_has_bf16()) run.options.train.precision = "fp32";  // a run from another machine is of use here too
  run.description = read_model_description(directory / "model.json");
  run.model = std::make_shared<Model>(run.description.modalities, static_cast<int64_t>(run.description.classes.size()),
                                      run.options.model, run.options.train.seed);
  run.method = run.options.method_options().make();
  run.method_parts = run.method->extend(*run.model);
  const fs::path folder = selected_weights(directory);
  load_weights(*run.model, folder / "weights.safetensors");
  if (run.method_parts) load_weights(*run.method_parts, folder / "method.safetensors");
  run.model->eval();
  if (run.method_parts) run.method_parts->eval();
  return run;
}

TrainingData load_data_for(const LoadedRun& run, const std::string& directory) {
  DataOptions options = run.options.data;
  if (!directory.empty()) options.data = directory;
  options.modalities.clear();
  for (const ModalityInfo& modality : run.description.modalities) options.modalities.push_back(modality.name);
  TrainingData data = load_data(options, run.options.train.seed);
  for (const auto& split : {data.train, data.val, data.test}) {
    if (split) check_fits(*split, run.description, options.data);
  }
  return data;
}

}  // namespace pdmp
