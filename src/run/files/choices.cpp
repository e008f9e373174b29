#include "run/files/choices.h"

#include <filesystem>

#include "base/files/checked_file.h"
#include "base/text/json_fields.h"
#include "train/files/layout.h"
#include "train/trial.h"

namespace pdmp::runs {
namespace {

Model throwaway(const RunOptions& options, const Dataset& train) {
  ModelOptions model = options.model;
  model.pretrained = false;
  return {train.modalities(), static_cast<int64_t>(train.classes().size()), model, options.train.seed};
}

using training::run_layout::kEnvironment;
constexpr const char* kAdvice =
    "it says with which precision and threads the run goes on: restore it, or start again with `overwrite`";

}  // namespace

std::optional<RunEnvironment> environment_of_run(const std::filesystem::path& run) {
  const std::filesystem::path file = run / kEnvironment;
  if (!std::filesystem::exists(file)) return std::nullopt;
  const nlohmann::json before = read_checked_json(file, kAdvice);
  const JsonFields fields(before, file, kAdvice);
  RunEnvironment result;
  if (fields.has("precision")) result.precision = fields.get<std::string>("precision");
  if (fields.has("threads")) result.threads = fields.get<int64_t>("threads");
  if (!result.precision.empty() && result.precision != "fp32" && result.precision != "bf16") {
    fields.fail("precision", "fp32 or bf16", result.precision);
  }
  if (result.threads < 0) fields.fail("threads", "a number of threads", std::to_string(result.threads));
  return result;
}

std::string choose_precision(const RunOptions& options, const Dataset& train) {
  if (options.train.precision != "auto") return options.train.precision;
  if (options.resume && !options.run.empty()) {
    const std::optional<RunEnvironment> before = environment_of_run(options.run);
    if (before && !before->precision.empty()) return before->precision;
  }
  if (options.train.device != "cpu" || !training::cpu_has_bf16()) return "fp32";
  Model model = throwaway(options, train);
  return training::try_precisions(model, options.train.batch_size) == training::Precision::bf16 ? "bf16" : "fp32";
}

int64_t memory_of_training(const RunOptions& options, const Dataset& train) {
  constexpr int64_t kProgram = int64_t{300} << 20;  // LibTorch and what it allocates for itself
  Model model = throwaway(options, train);
  const int64_t sample = training::bytes_per_sample(model);
  int64_t weights = 0;
  for (const Tensor& parameter : model.parameters()) weights += static_cast<int64_t>(parameter.nbytes());
  // Weights, gradients, momentum or two moments, and the best weights so far.
  const int64_t averages = options.train.ema > 0 ? 2 : 0;  // now and of the best epoch
  const int64_t copies = (options.train.optimizer.adaptive() ? 5 : 4) + averages;
  return kProgram + copies * weights + options.train.batch_size * sample;
}

}  // namespace pdmp::runs
