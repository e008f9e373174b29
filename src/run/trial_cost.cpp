// A throwaway copy of a run: what its steps cost, and whether its method can do with its model and data.
#include "run/trial_cost.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <stdlib.h>
#include <time.h>

#include "base/files/file.h"
#include "base/peak_memory.h"
#include "base/session.h"
#include "data/loader/modality_names.h"
#include "methods/parts/coefficients.h"
#include "pdmp/error.h"
#include "train/files/layout.h"
#include "train/files/run_directory.h"
#include "train/fit_in.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

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

// Which modality leads does not change what a step costs.
ModalityRanking any_ranking(const Dataset& data) {
  ModalityRanking ranking;
  ranking.modalities = data::modality_names(data.modalities());
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

// A folder of its own below the system's temporary one.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "pdmp-trial-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw Error(ErrorKind::io, fmt::format("{}: cannot make a temporary folder; set TMPDIR", name));
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What the run in `folder` wrote.
void weigh(runs::TrialCost& cost, const fs::path& folder) {
  for (const fs::directory_entry& file :
       fs::directory_iterator(folder / training::run_layout::kCheckpoints / training::run_layout::kLast)) {
    const auto bytes = static_cast<int64_t>(file.file_size());
    const std::string name = file.path().filename();
    const bool is_state = name == training::run_layout::kState || name == training::run_layout::kCheckpointIndex;
    (is_state ? cost.state_bytes : cost.weight_bytes) += bytes;
  }
  const std::string lines = read_file(folder / training::run_layout::kMetrics);
  const auto count = std::count(lines.begin(), lines.end(), '\n');
  cost.line_bytes = static_cast<int64_t>(lines.size()) / std::max<int64_t>(1, count);
}

double seconds_of_validation(const RunOptions& options, const TrainOptions& trial, const TrainingData& data,
                             Model& model, Method& method) {
  const auto some = first_batches(data.val, kTimedSteps, options.train.batch_size);
  const auto start = std::chrono::steady_clock::now();
  evaluate(model, method, some, trial);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const double passes = trial.ema > 0 ? 2 : 1;  // the averaged weights are scored too
  return passes * seconds.count() * static_cast<double>(data.val->size()) / static_cast<double>(some->size());
}

// One short epoch, judged by its last step.
TrainOptions trial_options(const RunOptions& options) {
  TrainOptions trial = options.train;
  trial.epochs = 1;
  trial.select = "last";
  trial.optimizer.class_weights = "none";  // a few batches may lack a class
  return trial;
}

// The first batch warms up.
void warm_up(runs::TrialCost& cost, Trainer& trainer, const std::shared_ptr<Model>& model, Method& method,
             const TrainingData& data, runs::TrialPlace place) {
  if (place == runs::TrialPlace::in_memory) {
    trainer.fit(model, method, data);
    return;
  }
  const TemporaryFolder folder;
  training::RunDirectory run(folder.path());
  training::fit_in(&run, trainer, model, method, data);
  weigh(cost, folder.path());
}

// What this process has computed so far: to load LibTorch and to read the data set, as every training does.
double seconds_of_process() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

runs::TrialCost runs::measure_trial(const RunOptions& options, const TrainingData& data, runs::TrialPlace place) {
  const double start_seconds = seconds_of_process();
  const SilentInfo quiet;  // what the method notes belongs to the real run
  const TrainOptions trial = trial_options(options);
  const std::shared_ptr<Model> model = untrained(options, data.train->modalities(), *data.train);
  const std::unique_ptr<Method> method = options.method.make();
  Trainer trainer = trial_trainer(options, trial, data.train);
  runs::TrialCost cost;
  cost.start_seconds = start_seconds;
  warm_up(cost, trainer, model, *method, only_train(first_batches(data.train, 1, trial.step_samples())), place);
  const auto timed = first_batches(data.train, kTimedSteps, trial.step_samples());
  const FitResult fit = trainer.fit(model, *method, only_train(timed));
  cost.steps = (timed->size() + trial.step_samples() - 1) / trial.step_samples();
  cost.step_seconds = fit.seconds / static_cast<double>(cost.steps);
  if (data.val) cost.evaluation_seconds = seconds_of_validation(options, trial, data, *model, *method);
  cost.peak_bytes = peak_memory_bytes();
  return cost;
}

runs::RunDisk runs::disk_of_run(const RunOptions& options, const TrainingData& data, const runs::TrialCost& trial) {
  constexpr int64_t kSmallFiles = 16 << 10, kTimingLine = 250, kRow = 40, kProbability = 12;
  const TrainOptions& train = options.train;
  const int64_t steps = (data.train->size() + train.step_samples() - 1) / train.step_samples();
  const int64_t lines = train.epochs * (1 + steps / train.log_every);
  int64_t scored = data.val ? data.val->size() : 0;
  if (data.test) scored += data.test->size();
  const auto classes = static_cast<int64_t>(data.train->classes().size());
  const int64_t numbers =
      kSmallFiles + lines * trial.line_bytes + train.epochs * kTimingLine + scored * (kRow + classes * kProbability);
  const int64_t checkpoint = trial.weight_bytes + trial.state_bytes;
  // checkpoints/last and previous, and best, as `keep` trims them; while training also the next of each.
  const std::map<std::string, int64_t> kept = {{"all", 2 * checkpoint + trial.weight_bytes},
                                               {"weights", 2 * trial.weight_bytes},
                                               {"best", trial.weight_bytes},
                                               {"none", 0}};
  return {.finished = numbers + kept.at(train.keep), .training = numbers + 3 * checkpoint + 2 * trial.weight_bytes};
}

std::string not_applicable(const RunOptions& options, const TrainingData& data) {
  const SilentInfo quiet;  // what the method notes belongs to the real run
  try {
    const std::unique_ptr<Method> method = options.method.make();
    options.model.check(data.train->modalities());
    const std::shared_ptr<Model> model = untrained(options, data.train->modalities(), *data.train);
    if (method->needs_ranking()) methods::expect_own_encoders(*model);
    trial_trainer(options, options.train, data.train).check(model, *method, data);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage) throw;
    return error.what();
  }
  return "";
}

}  // namespace pdmp
