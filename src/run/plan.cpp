// What a run would cost (--dry-run): counted where that is possible, else measured on a throwaway copy.
#include <fmt/format.h>

#include "analysis/rank.h"
#include "base/progress.h"
#include "pdmp/run.h"
#include "run/files/config.h"
#include "run/trial_cost.h"
#include "train/training_turn.h"

namespace pdmp {
namespace {

std::string megabytes(int64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20)); }

std::string data_line(const TrainingData& data) {
  const auto count = [](const auto& split) { return split ? std::to_string(split->size()) : std::string("none"); };
  return fmt::format("data        {} classes; train {}, val {}, test {} samples\n", data.train->classes().size(),
                     count(data.train), count(data.val), count(data.test));
}

std::string parameter_lines(const Model& model, int64_t& total) {
  std::vector<int64_t> encoders(static_cast<size_t>(model.modalities()));
  int64_t shared_encoders = 0, head = 0;
  for (const OwnedParameter& parameter : model.ownership()) {
    const int64_t count = parameter.value.numel();
    total += count;
    if (!parameter.in_encoder) {
      head += count;
    } else if (parameter.owner) {
      encoders[static_cast<size_t>(*parameter.owner)] += count;
    } else {
      shared_encoders += count;
    }
  }
  std::string text = fmt::format("parameters  {} in all\n", total);
  for (size_t m = 0; m < encoders.size(); ++m)
    text += fmt::format("  {:>12}  encoder of {}\n", encoders[m], model.infos()[m].name);
  if (shared_encoders > 0) text += fmt::format("  {:>12}  encoders of several modalities\n", shared_encoders);
  return text + fmt::format("  {:>12}  fusion\n", head);
}

std::string time_lines(const RunOptions& options, const TrainingData& data, const runs::TrialCost& measured,
                       bool analysis) {
  const TrainOptions& train = options.train;
  const int64_t steps = (data.train->size() + train.step_samples() - 1) / train.step_samples();
  const double epoch = static_cast<double>(steps) * measured.step_seconds + measured.evaluation_seconds;
  const double training = epoch * static_cast<double>(train.epochs);
  std::string text =
      fmt::format("steps       {} per epoch, {} in {} epochs\n", steps, steps * train.epochs, train.epochs);
  text += fmt::format("time        about {} of training ({:.3g} s a step, {:.3g} s a validation, measured)\n",
                      format_duration(training), measured.step_seconds, measured.evaluation_seconds);
  if (!analysis) return text;
  // The modalities one after the other do together what one joint training does.
  const int64_t epochs = options.analysis.epochs > 0 ? options.analysis.epochs : train.epochs;
  const double analysing = epoch * static_cast<double>(epochs) * options.analysis.subset.front();
  return text + fmt::format("            {} {} of modality analysis before it\n",
                            options.analysis.stop == "auto" ? "at most about" : "about", format_duration(analysing));
}

}  // namespace

std::string plan(const RunOptions& options) {
  const training::TrainingTurn turn;
  runs::check_options(options);
  DataOptions uncached = options.data;  // a plan writes nothing
  uncached.cache.clear();
  const TrainingData data = load_data(uncached, static_cast<uint64_t>(options.train.seed));
  options.model.check(data.train->modalities());
  const Model model(data.train->modalities(), static_cast<int64_t>(data.train->classes().size()), options.model,
                    static_cast<uint64_t>(options.train.seed));
  const bool analysis = options.method.make()->needs_ranking() && options.analysis_file.empty() &&
                        model.modalities() > 1 &&
                        analysis::find_early_criterion(options.analysis.criterion).figures != nullptr;
  int64_t parameters = 0;
  std::string text =
      fmt::format("method      {}\n", options.method.name()) + data_line(data) + parameter_lines(model, parameters);
  const runs::TrialCost measured = runs::measure_trial(options, data);
  // Weights, gradients, and one state of momentum or two moments.
  const int64_t copies = options.train.optimizer.adaptive() ? 4 : 3;
  text += fmt::format("memory      {} for weights, gradients and optimizer; {} in all at the peak of a trial\n",
                      megabytes(parameters * copies * int64_t{sizeof(float)}), megabytes(measured.peak_bytes));
  return text + time_lines(options, data, measured, analysis);
}

}  // namespace pdmp
