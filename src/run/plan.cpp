// What a run would cost (--dry-run): counted where that is possible, else measured on a throwaway copy.
#include <chrono>
#include <fmt/format.h>
#include <sys/resource.h>

#include "analysis/rank.h"
#include "base/log.h"
#include "base/progress.h"
#include "methods/coefficients.h"
#include "pdmp/error.h"
#include "pdmp/run.h"
#include "run/config.h"

namespace pdmp {
namespace {

constexpr int64_t kTimedSteps = 4;

std::shared_ptr<const Dataset> first_batches(const std::shared_ptr<const Dataset>& data, int64_t batches,
                                             int64_t batch_size) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < std::min(data->size(), batches * batch_size); ++i) indices.push_back(i);
  return select_samples(data, indices);
}

TrainingData only_train(std::shared_ptr<const Dataset> data) {
  return {.train = std::move(data), .val = {}, .test = {}};
}

// Silence while the trial runs: what the method notes belongs to the real run.
class Quiet {
 public:
  Quiet() : before_(is_quiet()) { set_quiet(true); }
  ~Quiet() { set_quiet(before_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  bool before_;
};

struct Measured {
  double step_seconds = 0, evaluation_seconds = 0;  // of one step, of one pass over validation
  int64_t peak_bytes = 0;                           // of this process
};

// Which modality leads does not change what a step costs.
ModalityRanking any_ranking(const Dataset& data) {
  ModalityRanking ranking;
  for (const ModalityInfo& info : data.modalities()) ranking.modalities.push_back(info.name);
  ranking.optimization_dominant = static_cast<int64_t>(ranking.modalities.size()) - 1;
  ranking.early.assign(ranking.modalities.size(), 0);
  ranking.final.assign(ranking.modalities.size(), 0);
  return ranking;
}

std::shared_ptr<Model> untrained(const RunOptions& options, const std::vector<ModalityInfo>& modalities,
                                 const Dataset& data) {
  ModelOptions model = options.model;
  model.pretrained = false;
  return std::make_shared<Model>(modalities, static_cast<int64_t>(data.classes().size()), model, options.train.seed);
}

// With something in the place of whatever a method may ask for.
Trainer trial_trainer(const RunOptions& options, const TrainOptions& trial,
                      const std::shared_ptr<const Dataset>& data) {
  Trainer trainer(trial, any_ranking(*data));
  trainer.make_model = [options, data] { return untrained(options, data->modalities(), *data); };
  trainer.unimodal_model = [options, data](int64_t m) {
    const ModalityInfo& modality = data->modalities()[static_cast<size_t>(m)];
    return untrained(alone_options(options, data->modalities(), modality.name, ""), {modality}, *data);
  };
  return trainer;
}

Measured measure(const RunOptions& options, const TrainingData& data) {
  const Quiet quiet;
  TrainOptions trial = options.train;
  trial.epochs = 1;
  trial.select = "last";
  trial.optimizer.class_weights = "none";  // a few batches may lack a class
  const std::shared_ptr<Model> model = untrained(options, data.train->modalities(), *data.train);
  const std::unique_ptr<Method> method = options.method_options().make();
  Trainer trainer = trial_trainer(options, trial, data.train);
  trainer.fit(model, *method, only_train(first_batches(data.train, 1, trial.step_samples())), nullptr);  // warms up
  const auto timed = first_batches(data.train, kTimedSteps, trial.step_samples());
  const FitResult fit = trainer.fit(model, *method, only_train(timed), nullptr);
  Measured measured;
  const int64_t steps = (timed->size() + trial.step_samples() - 1) / trial.step_samples();
  measured.step_seconds = fit.seconds / static_cast<double>(steps);
  if (data.val) {
    const auto some = first_batches(data.val, kTimedSteps, trial.batch_size);
    const auto start = std::chrono::steady_clock::now();
    evaluate(*model, *method, some, trial);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    measured.evaluation_seconds =
        seconds.count() * static_cast<double>(data.val->size()) / static_cast<double>(some->size());
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  measured.peak_bytes = static_cast<int64_t>(usage.ru_maxrss) * 1024;
  return measured;
}

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

std::string time_lines(const RunOptions& options, const TrainingData& data, const Measured& measured, bool analysis) {
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
  check_options(options);
  DataOptions uncached = options.data;  // a plan writes nothing
  uncached.cache.clear();
  const TrainingData data = load_data(uncached, static_cast<uint64_t>(options.train.seed));
  options.model.check(data.train->modalities());
  const Model model(data.train->modalities(), static_cast<int64_t>(data.train->classes().size()), options.model,
                    static_cast<uint64_t>(options.train.seed));
  const bool analysis = options.method_options().make()->needs_ranking() && options.analysis_file.empty() &&
                        model.modalities() > 1 && find_early_criterion(options.analysis.criterion).figures != nullptr;
  int64_t parameters = 0;
  std::string text =
      fmt::format("method      {}\n", options.method) + data_line(data) + parameter_lines(model, parameters);
  const Measured measured = measure(options, data);
  // Weights, gradients, and one state of momentum or two moments.
  const int64_t copies = options.train.optimizer.adaptive() ? 4 : 3;
  text += fmt::format("memory      {} for weights, gradients and optimizer; {} in all at the peak of a trial\n",
                      megabytes(parameters * copies * int64_t{sizeof(float)}), megabytes(measured.peak_bytes));
  return text + time_lines(options, data, measured, analysis);
}

std::string not_applicable(const RunOptions& options, const TrainingData& data) {
  const Quiet quiet;
  try {
    const std::unique_ptr<Method> method = options.method_options().make();
    options.model.check(data.train->modalities());
    const std::shared_ptr<Model> model = untrained(options, data.train->modalities(), *data.train);
    if (method->needs_ranking()) expect_own_encoders(*model);
    trial_trainer(options, options.train, data.train).check(model, *method, data);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage) throw;
    return error.what();
  }
  return "";
}

}  // namespace pdmp
