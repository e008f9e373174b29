#include "compare/execute/comparison_run.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "base/files/file.h"
#include "base/files/temporary_files.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text/option_names.h"
#include "compare/controls.h"
#include "compare/execute/child_runs.h"
#include "compare/shared_analysis.h"
#include "compare/tune.h"
#include "data/loader/modality_names.h"
#include "metrics/metric.h"
#include "pdmp/error.h"
#include "run/files/paths.h"
#include "run/open_run.h"
#include "train/files/layout.h"
#include "train/training_turn.h"

namespace pdmp::comparing {
namespace {

namespace fs = std::filesystem;

std::string name_of(const DataOptions& data) { return data.in_memory.train ? "samples in memory" : data.data; }

void expect_at_least(double least, double found, const char* option) {
  if (found >= least) return;
  throw Error(ErrorKind::usage, fmt::format("`{}`: expected at least {}, found {}", option, least, found),
              {.option = option, .expected = fmt::format("at least {}", least), .found = fmt::format("{}", found)});
}

void check_numbers(const ComparisonOptions& options) {
  expect_at_least(1, static_cast<double>(options.seeds), "seeds");
  expect_at_least(0, static_cast<double>(options.jobs), "jobs");
  expect_at_least(100, static_cast<double>(options.resamples), "resamples");
  expect_at_least(0, static_cast<double>(options.tune), "tune");
  expect_at_least(1, options.tune_lr, "tune-lr");
}

void check_splits(const ComparisonOptions& options, const TrainingData& data) {
  if (!data.test) {
    throw Error(ErrorKind::data,
                name_of(options.run.data) + ": expected a test split, found none; mark some samples as test");
  }
  if (options.tune > 0 && !data.val) {
    throw Error(ErrorKind::usage, "`tune`: expected a validation split to choose by, found none");
  }
}

// The runs as `pdmp train` takes them.
std::vector<ChildRun> children_of(std::vector<GridRun> runs, int64_t threads) {
  std::vector<ChildRun> children;
  for (GridRun& one : runs) {
    one.options.resume = fs::exists(one.options.run);
    one.options.train.threads = threads;
    children.push_back({one.name, std::move(one.options)});
  }
  return children;
}

// A reason for the tables: options as the program that trains names them, whose own reasons stand beside this one.
std::string told(const ComparisonOptions& options, const std::string& reason) {
  return options.program.empty() ? reason : with_flags(reason);
}

// A run whose files are damaged fails alone.
bool needs_training(const ChildRun& child, const ComparisonOptions& options, Failures& failures) {
  try {
    return runs::inspect_run(child.options, advice_of(options.out)) != runs::RunState::finished;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    failures.emplace(child.options.run, told(options, error.what()));
    return false;
  }
}

}  // namespace

// One search of a row that has trainings; its trials are runs of the first seed.
struct ComparisonRun::Search {
  ComparisonRow* row;
  std::vector<Trial> trials;
  std::vector<GridRun> runs;
};

ComparisonRun::ComparisonRun(ComparisonOptions options, bool only_plan) : options_(std::move(options)) {
  if (options_.run.data.in_memory.train && !options_.program.empty()) {
    throw Error(ErrorKind::usage, "samples in memory are of this process alone: leave out the program that trains");
  }
  check_numbers(options_);
  if (options_.program.empty()) options_.jobs = 1;
  runs::make_paths_absolute(options_.run);
  if (!only_plan && fs::exists(fs::path(options_.out) / training::run_layout::kLock)) hold();
  DataOptions uncached = options_.run.data;  // until all is checked, nothing is written
  uncached.cache.clear();
  if (options_.run.data.cache.empty())
    options_.run.data.cache = fs::absolute(fs::path(options_.out) / "cache").string();
  data_ = load_data(uncached, options_.run.train.seed);
  check_splits(options_, data_);
  if (options_.adapt) options_.adapt(options_.run, data_.train->modalities());
  analysis_file_ = (fs::path(options_.out) / training::run_layout::kAnalysis).string();
  plan_ = plan_resources(options_.run, *data_.train, options_.jobs, trainings(), options_.out);
  options_.run.train.precision = plan_.precision;
  plan_grid();
  expect_same_runs();
}

// The folder is made once all is checked.
void ComparisonRun::hold() {
  if (lock_) return;
  make_directories(options_.out);
  lock_.emplace(options_.out, kBusyOut);
}

// Those of --methods and their controls.
std::vector<Variant> ComparisonRun::variants() const {
  std::vector<Variant> variants = parse_variants(options_.methods);
  if (!options_.controls) return variants;
  return with_controls(variants, options_.run, data::modality_names(data_.train->modalities()));
}

// Of methods; some may turn out to be n/a.
int64_t ComparisonRun::trainings() const {
  const size_t fusions = std::max<size_t>(1, options_.fusions.size());
  return static_cast<int64_t>(variants().size() * fusions) * options_.seeds;
}

void ComparisonRun::plan_grid() {
  grid_ = make_grid({.variants = variants(),
                     .fusions = options_.fusions,
                     .seeds = options_.seeds,
                     .reference = options_.reference,
                     .out = options_.out,
                     .run = options_.run},
                    data_);
  Comparison& comparison = grid_.comparison;
  for (ComparisonRow& row : comparison.rows) row.refusal = told(options_, row.refusal);
  const std::string& select = options_.run.train.select;
  const bool by_validation = select == "best_val" || (select == "auto" && data_.val);
  comparison.select_metric = options_.run.train.select_metric;
  comparison.selected_by = select == "best_test" ? "test" : by_validation ? "validation" : "last";
  comparison.resamples = options_.resamples;
  comparison.trials = options_.tune;
}

ComparisonRun::Search ComparisonRun::search_of(ComparisonRow& row) const {
  const std::vector<GridRun>& runs = grid_.methods;
  const auto first =
      std::find_if(runs.begin(), runs.end(), [&](const GridRun& run) { return run.options.run == row.runs.at(0); });
  Search search{&row, {}, {}};
  for (int64_t k = 0; k < options_.tune; ++k) {
    const Settings settings = draw_trial(first->options, k, options_.run.train.seed, options_.tune_lr);
    RunOptions one = with_variant(first->options, {row.name, first->options.method.name(), settings});
    one.run =
        (fs::path(options_.out) / "tune" / folder_name(row.fusion) / folder_name(row.name) / fmt::format("trial{}", k))
            .string();
    one.train.keep = "none";
    one.analysis_file = first->options.analysis_file;
    one.alone = first->options.alone;
    search.trials.push_back({settings, one.run});
    search.runs.push_back({fmt::format("trial {} of {}", k, row.name), std::move(one), first->needs});
  }
  return search;
}

std::vector<ComparisonRun::Search> ComparisonRun::searches() {
  std::vector<Search> result;
  for (ComparisonRow& row : grid_.comparison.rows) {
    const bool searched = options_.tune > 0 && !is_unimodal(row) && row.refusal.empty() && !row.added_control;
    if (searched) result.push_back(search_of(row));
  }
  return result;
}

std::vector<GridRun> ComparisonRun::runs_of(const std::vector<Search>& searches) {
  std::vector<GridRun> runs;
  for (const Search& search : searches) runs.insert(runs.end(), search.runs.begin(), search.runs.end());
  return runs;
}

// What is there must go on with these options and data. Under --tune the settings of methods are not known yet.
void ComparisonRun::expect_same_runs() {
  std::vector<GridRun> runs = options_.tune > 0 ? runs_of(searches()) : grid_.methods;
  runs.insert(runs.end(), grid_.alone.begin(), grid_.alone.end());
  pdmp::comparing::expect_same_runs(children_of(std::move(runs), plan_.threads), options_.out);
}

ComparisonCost ComparisonRun::cost() {
  const training::TrainingTurn turn;
  at::set_num_threads(static_cast<int>(plan_.threads));
  RunOptions joint = options_.run;
  joint.method = "joint";
  const runs::TrialCost trial = runs::measure_trial(joint, data_, runs::TrialPlace::on_disk);
  return cost_of(grid_, runs_of(searches()), options_.run, data_, plan_, trial);
}

// Trains what is not finished yet and needs nothing that failed.
void ComparisonRun::train_runs(std::vector<GridRun> runs, Failures& failures, const std::string& label) {
  remove_failed(runs, failures);
  std::vector<ChildRun> children = children_of(std::move(runs), plan_.threads);
  const auto total = static_cast<int64_t>(children.size());
  std::erase_if(children, [&](const ChildRun& child) { return !needs_training(child, options_, failures); });
  if (children.empty()) return;
  if (const int64_t done = total - static_cast<int64_t>(children.size()); done > 0) {
    log_info(fmt::format("{}: {} of {} trainings are done already", label, done, total));
  }
  Progress progress(label, static_cast<int64_t>(children.size()), "training");
  std::vector<FailedRun> all =
      options_.program.empty()
          ? train_here(children, progress)
          : train_in_children({options_.program, options_.program_arguments}, children, plan_.jobs, progress);
  for (FailedRun& failed : all) {
    failures.emplace(std::move(failed.run), std::move(failed.reason));
  }
}

// Puts the best settings into the runs of the row, which fail where no trial has a result.
void ComparisonRun::use_best(const Search& search, const Metric& metric, const Failures& of_trials) {
  ComparisonRow& row = *search.row;
  Settings settings;
  try {
    settings = best_trial(search.trials, metric).settings;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    const auto first = of_trials.find(search.trials.at(0).run);
    const std::string reason =
        first == of_trials.end() ? told(options_, error.what()) : "no trial has a result; the first: " + first->second;
    for (const std::string& run : row.runs) failures_.emplace(run, reason);
    return;
  }
  row.tuned = settings.empty() ? "as given" : settings_text(settings);
  for (GridRun& run : grid_.methods) {
    if (std::find(row.runs.begin(), row.runs.end(), run.options.run) == row.runs.end()) continue;
    run.options = with_variant(run.options, {row.name, run.options.method.name(), settings});
  }
}

// A trial that fails is no failure of the comparison: the others are there to choose from.
void ComparisonRun::tune() {
  const std::vector<Search> all = searches();
  Failures of_trials = failures_;
  train_runs(runs_of(all), of_trials, "search");
  const Metric& metric = find_metric(options_.run.train.select_metric);
  for (const Search& search : all) use_best(search, metric, of_trials);
  follow_search(grid_);
}

// The ranking that some methods need; those methods fail where it does.
std::optional<ModalityRanking> ComparisonRun::analyze_modalities() {
  std::optional<ModalityRanking> ranking;
  try {
    resumable([&] {
      const TrainingData data = load_data(options_.run.data, options_.run.train.seed);
      ranking =
          ranking_for(shared_analysis(options_.run, data, analysis_file_), grid_.comparison.modalities, analysis_file_);
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    failures_.emplace(analysis_file_, told(options_, error.what()));
  }
  return ranking;
}

void ComparisonRun::train_all() {
  std::optional<ModalityRanking> ranking;
  if (grid_.needs_ranking) ranking = analyze_modalities();
  drop_needless_controls(grid_, ranking ? &*ranking : nullptr);
  train_runs(grid_.alone, failures_, "modalities alone");
  if (options_.tune > 0) tune();
  train_runs(grid_.methods, failures_, "comparison");
}

void ComparisonRun::train() {
  hold();
  remove_temporaries(options_.out, /*locked=*/true);
  write_resource_plan(plan_, options_.out);
  train_all();
  note_failures(grid_.comparison, failures_);
  complete(grid_.comparison, grid_.other_batches);
  write_tables();
}

void ComparisonRun::write_tables() const {
  const fs::path folder = options_.out;
  write_json(folder / "comparison.json", as_json(grid_.comparison));
  write_file_atomically(folder / "comparison.csv", comparison_csv(grid_.comparison));
  write_file_atomically(folder / "comparison.md", comparison_markdown(grid_.comparison));
}

}  // namespace pdmp::comparing
