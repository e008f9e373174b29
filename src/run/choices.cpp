#include "run/choices.h"

#include <filesystem>

#include "base/file.h"
#include "train/trial.h"

namespace pdmp {
namespace {

Model throwaway(const RunOptions& options, const Dataset& train) {
  ModelOptions model = options.model;
  model.pretrained = false;
  return {train.modalities(), static_cast<int64_t>(train.classes().size()), model, options.train.seed};
}

std::string precision_of_run(const std::filesystem::path& environment) {
  if (!std::filesystem::exists(environment)) return "";
  const nlohmann::json before = read_json(environment);
  return before.is_object() ? before.value("precision", std::string()) : "";
}

}  // namespace

std::string choose_precision(const RunOptions& options, const Dataset& train) {
  if (options.train.precision != "auto") return options.train.precision;
  if (options.resume && !options.run.empty()) {
    const std::string before = precision_of_run(std::filesystem::path(options.run) / "environment.json");
    if (before == "fp32" || before == "bf16") return before;
  }
  if (options.train.device != "cpu" || !cpu_has_bf16()) return "fp32";
  Model model = throwaway(options, train);
  return try_precisions(model, options.train.batch_size) == Precision::bf16 ? "bf16" : "fp32";
}

int64_t memory_of_training(const RunOptions& options, const Dataset& train) {
  constexpr int64_t kProgram = int64_t{300} << 20;  // LibTorch and what it allocates for itself
  Model model = throwaway(options, train);
  const int64_t sample = bytes_per_sample(model);
  int64_t weights = 0;
  for (const Tensor& parameter : model.parameters()) weights += static_cast<int64_t>(parameter.nbytes());
  // Weights, gradients, momentum or two moments, and the best weights so far.
  const int64_t copies = options.train.optimizer.adaptive() ? 5 : 4;
  return kProgram + copies * weights + options.train.batch_size * sample;
}

}  // namespace pdmp
