#include "pdmp/run.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <functional>

#include "analysis/analysis_data.h"
#include "base/files/checked_file.h"
#include "base/files/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "data/loader/modality_names.h"
#include "methods/parts/coefficients.h"
#include "models/weights/weight_average.h"
#include "pdmp/error.h"
#include "run/alone.h"
#include "run/files/choices.h"
#include "run/files/config.h"
#include "run/files/environment.h"
#include "run/files/model_description.h"
#include "run/files/paths.h"
#include "run/files/predictions.h"
#include "run/files/summary.h"
#include "run/files/timing.h"
#include "run/init_from.h"
#include "run/open_run.h"
#include "run/run_data.h"
#include "train/files/layout.h"
#include "train/fit_in.h"
#include "train/training_turn.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

// A run goes on with the number of threads it began with: another one rounds differently.
void fix_threads(RunOptions& options) {
  if (options.resume) {
    const std::optional<runs::RunEnvironment> before =
        runs::environment_of_run(options.run);  // damaged: said, whatever is asked for
    if (options.train.threads == 0 && before) options.train.threads = before->threads;
  }
  if (options.train.threads > 0) at::set_num_threads(static_cast<int>(options.train.threads));
}

bool has_checkpoint(const RunOptions& options) {
  const fs::path checkpoints = fs::path(options.run) / training::run_layout::kCheckpoints;
  return options.resume && (fs::exists(checkpoints / training::run_layout::kLast) ||
                            fs::exists(checkpoints / training::run_layout::kPrevious));
}

std::shared_ptr<Model> make_model(const RunOptions& options, const Dataset& data, bool pretrained) {
  ModelOptions model = options.model;
  model.pretrained = pretrained;
  model.check(data.modalities());
  return std::make_shared<Model>(data.modalities(), static_cast<int64_t>(data.classes().size()), model,
                                 static_cast<uint64_t>(options.train.seed));
}

// What a training begins with: fresh models, filled where --init-from says so. A run that goes on has its weights in
// its checkpoint: files and runs that it started from need not be there any more.
class Beginner {
 public:
  Beginner(const RunOptions& options, const Dataset& data)
      : options_(options), data_(data), fresh_(!has_checkpoint(options)) {
    if (fresh_ && !options.init_from.empty()) weights_ = std::make_unique<runs::StartingWeights>(options.init_from);
  }

  std::shared_ptr<Model> model(bool tell) const {
    std::shared_ptr<Model> model = make_model(options_, data_, fresh_);
    if (weights_ == nullptr) return model;
    const std::vector<std::string> lines = weights_->start(*model, options_, data_.classes());
    for (const std::string& line : lines) {
      if (tell) log_info(line);
    }
    return model;
  }

  // Nothing where the method's own parts start as the method makes them.
  std::function<void(torch::nn::Module& parts)> parts_of(const std::shared_ptr<Model>& model) const {
    if (weights_ == nullptr) return {};
    return [this, model](torch::nn::Module& parts) {
      log_info(weights_->start_parts(parts, *model, options_, data_.classes()));
    };
  }

 private:
  const RunOptions& options_;
  const Dataset& data_;
  bool fresh_;
  std::unique_ptr<runs::StartingWeights> weights_;
};

// Entries of "a; b; c" that are not in `other`.
std::string only_in(const std::string& settings, const std::string& other) {
  std::string text;
  for (size_t start = 0; start < settings.size();) {
    const size_t end = std::min(settings.find("; ", start), settings.size());
    const std::string entry = settings.substr(start, end - start);
    if (("; " + other + "; ").find("; " + entry + "; ") == std::string::npos)
      text += (text.empty() ? "" : ", ") + entry;
    start = end + 2;
  }
  return text;
}

AnalysisResult read_given_analysis(const RunOptions& options, const TrainingData& data) {
  const AnalysisResult given = read_analysis(options.analysis_file);
  const std::string settings =
      analysis_settings(data.train->modalities(), options.model, options.train, options.analysis) +
      analysis::data_clause(data);
  if (!given.settings.empty() && given.settings != settings) {
    log_warning(
        fmt::format("{} was made with other encoders, settings or data and is used all the same (it: {}; this run: {})",
                    options.analysis_file, only_in(given.settings, settings), only_in(settings, given.settings)));
  }
  return given;
}

// The run's own analysis.json, else the one given, else a new one.
AnalysisResult obtain_analysis(const RunOptions& options, const TrainingData& data, const fs::path& directory) {
  const fs::path own = directory / training::run_layout::kAnalysis;
  if (fs::exists(own)) return read_analysis(own);
  const AnalysisResult result = options.analysis_file.empty()
                                    ? analyze(data, options.model, options.train, options.analysis, directory)
                                    : read_given_analysis(options, data);
  write_analysis(result, own);
  return result;
}

std::optional<ModalityRanking> find_ranking(const RunOptions& options, const Method& method, const TrainingData& data,
                                            const fs::path& directory) {
  if (!method.needs_ranking()) return std::nullopt;
  const std::vector<std::string> names = data::modality_names(data.train->modalities());
  if (names.size() == 1) return ModalityRanking{.modalities = names, .early = {0}, .final = {0}, .ambiguous = ""};
  const AnalysisResult analysis = obtain_analysis(options, data, directory);
  log_lines(analysis_table(analysis));
  return ranking_for(analysis, names,
                     options.analysis_file.empty() ? training::run_layout::kAnalysis : options.analysis_file);
}

void tell_failures(const TrainingData& data) {
  constexpr size_t kNamed = 5;
  for (const auto& [split, samples] : {std::pair{"train", data.train}, {"val", data.val}, {"test", data.test}}) {
    if (!samples) continue;
    std::map<std::string, std::vector<DecodeFailure>> by_modality;
    for (DecodeFailure& failure : samples->failures()) by_modality[failure.modality].push_back(std::move(failure));
    for (const auto& [modality, failures] : by_modality) {
      std::string text =
          fmt::format("{}: {} of {} did not decode and count as absent", split, failures.size(), modality);
      for (size_t i = 0; i < std::min(kNamed, failures.size()); ++i) {
        text += "; " + failures[i].reason;
      }
      if (failures.size() > kNamed) text += fmt::format("; and {} more", failures.size() - kNamed);
      log_warning(text);
    }
  }
}

// The held-out splits with the weights that were trained, beside the scores of their average.
void score_trained(TrainingRun& summary, Model& model, Method& method, const TrainingData& data,
                   const RunOptions& options, const models::WeightAverage* average) {
  if (average == nullptr) return;
  const models::AveragedWeights trained(average);  // it holds those that were trained
  const PredictionSink unused = [](const Tensor&, const Tensor&) {};
  const auto scores_of = [&](const std::shared_ptr<const Dataset>& samples) {
    return evaluate(model, method, samples, options.train, "scoring the weights as trained", {}, unused);
  };
  if (data.val) summary.trained_val = scores_of(data.val);
  if (data.test) summary.trained_test = scores_of(data.test);
}

// Scores the held-out splits, each once, with the weights the model holds, and writes what a run leaves behind.
void score(TrainingRun& summary, Model& model, Method& method, const TrainingData& data, const RunOptions& options,
           training::RunDirectory& run, const models::WeightAverage* average) {
  runs::PredictionsFile predictions(run.file(training::run_layout::kPredictions));
  const auto scores_of = [&](const std::string& split, const std::shared_ptr<const Dataset>& samples) {
    return evaluate(model, method, samples, options.train, "scoring " + split, {},
                    predictions.of_split(split, *samples));
  };
  if (data.val) summary.val = scores_of("val", data.val);
  if (data.test) summary.test = scores_of("test", data.test);
  score_trained(summary, model, method, data, options, average);
  nlohmann::json files = run.sync_logs();
  files[training::run_layout::kPredictions] = to_json(predictions.commit());
  summary.seconds = runs::seconds_trained(run.file(training::run_layout::kTiming));
  runs::write_summary(summary, run.file(training::run_layout::kSummary), files);
}

TrainingRun train_and_score(const RunOptions& options, const TrainingData& data, const Beginner& beginner,
                            const std::shared_ptr<Model>& model, Method& method, training::RunDirectory& run) {
  const std::optional<ModalityRanking> ranking = find_ranking(options, method, data, run.path());
  Trainer trainer(options.train, ranking);
  trainer.make_model = [&] { return beginner.model(/*tell=*/false); };
  trainer.start_parts = beginner.parts_of(model);
  trainer.unimodal_model = [&](int64_t m) { return runs::model_alone(options, data.train->modalities(), m); };
  if (options.train.select == "best_test") {
    log_warning("`select` best_test: the epoch is chosen on the test split, so its scores are too good");
    trainer.select_on = data.test;
  }
  const TrainingData without_test{.train = data.train, .val = data.val, .test = nullptr};
  const FitResult fit = training::fit_in(&run, trainer, model, method, without_test, options.method.name());
  TrainingRun summary;
  summary.method = options.method.name();
  summary.seed = static_cast<uint64_t>(options.train.seed);
  summary.modalities = data::modality_names(data.train->modalities());
  summary.epochs = static_cast<int64_t>(fit.history.size());
  summary.selected_epoch = fit.selected_epoch;
  summary.selected_by = fit.selected_by;
  summary.select_metric = options.train.select_metric;
  summary.beginning = fit.beginning;
  summary.directory = run.path().string();
  try {
    score(summary, *model, method, data, options, run, fit.average.get());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted) throw;
    throw Error(ErrorKind::interrupted,
                fmt::format("stopped while scoring; the training is saved in {}: go on with the "
                            "same command and `resume`",
                            run.path().string()));
  }
  return summary;
}

}  // namespace

TrainingRun train(const RunOptions& requested) {
  const training::TrainingTurn turn;
  RunOptions options = requested;
  runs::check_options(options);
  runs::make_paths_absolute(options);  // config.toml must mean the same wherever it is read
  const runs::RunState state = runs::inspect_run(options);
  if (options.resume && state == runs::RunState::fresh) {
    log_info(fmt::format("`resume`: no run in {} yet, so one begins", options.run));
  }
  if (state == runs::RunState::finished) {
    runs::SameData().expect(options);
    log_info(fmt::format("{} is finished; more `epochs` would extend it", options.run));
    return read_summary(options.run);
  }
  fix_threads(options);
  // Everything that can be refused is refused before anything is deleted or written.
  const std::unique_ptr<Method> method = options.method.make();
  const runs::RunData source(options.data, options.train.seed);
  source.expect_same(options);
  const TrainingData data = source.open();
  const Beginner beginner(options, *data.train);
  const std::shared_ptr<Model> model = beginner.model(/*tell=*/true);
  if (method->needs_ranking()) methods::expect_own_encoders(*model);
  const Criterion expected(options.train.optimizer, *data.train);  // loss and class weights fit the classes
  options.train.precision = runs::choose_precision(options, *data.train);
  runs::environment(options.train);  // precision and device
  const std::unique_ptr<training::RunDirectory> directory = runs::open_run(options);
  source.keep_hash(directory->path());
  const bool hides = options.train.modality_dropout > 0 || method->hides_modalities();
  runs::write_model_description(source.describe(*data.train, hides), directory->file(training::run_layout::kModel));
  const TrainingRun summary = train_and_score(options, data, beginner, model, *method, *directory);
  tell_failures(data);
  directory->trim(options.train.keep);
  return summary;
}

}  // namespace pdmp
