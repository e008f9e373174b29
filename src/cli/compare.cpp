// Many methods x seeds x fusions on one data set, as one table.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/temporary_files.h"
#include "cli/arguments.h"
#include "cli/child_runs.h"
#include "cli/command.h"
#include "cli/layout.h"
#include "compare/comparison.h"
#include "compare/grid.h"
#include "compare/shared_analysis.h"
#include "compare/tune.h"
#include "pdmp/error.h"
#include "run/open_run.h"
#include "run/run_data.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

struct CompareOptions {
  std::vector<std::string> methods = {"joint", "pdmp"};
  std::vector<std::string> fusions;
  std::string out = "comparison", reference;
  int64_t seeds = 3, jobs = 0, resamples = 10000, tune = 0;
  double tune_lr = 4;
  bool best_test = false, as_json = false;
  RunOptions run;
  Layout layout;  // no flag: chosen

  CompareOptions() { run.train.keep = "best"; }
  void describe(OptionList& list);
};

void CompareOptions::describe(OptionList& list) {
  list.heading("Comparison");
  list.add("methods", &methods,
           "Methods to compare, each with settings of its own where wanted (joint,joint:lr=0.015,pdmp:gamma=5); all: "
           "every method there is.");
  list.add("fusions", &fusions, "Fusions to compare them on; none named: that of --fusion.");
  list.add("out", &out, "Folder for the runs and the tables; finished runs in it are used, unfinished ones go on.");
  list.add("seeds", &seeds, "Trainings of each method, from --seed on.").at_least(1).at_most(1000);
  list.add("reference", &reference, "Method the others are compared with; none: joint.");
  list.add("jobs", &jobs,
           "Trainings at once, each in a process of its own; 0: one per core, less where memory is short.")
      .at_least(0)
      .at_most(256);
  list.add("resamples", &resamples, "Resamples of the bootstrap.").at_least(100).at_most(1000000);
  list.add("tune", &tune,
           "Trials of a random search before the comparison, the same number for every method; 0: methods as given.")
      .at_least(0)
      .at_most(1000);
  list.add("tune-lr", &tune_lr, "The search draws learning rates from lr / this to lr * this.")
      .at_least(1)
      .at_most(1000);
  list.add("best-test", &best_test,
           "Choose each run's epoch on the TEST split, as many papers do. Too good to be true; the tables say so.");
  list.add("json", &as_json, "Print JSON instead of a table.");
  list.heading("Data");
  run.data.describe(list);
  list.heading("Model");
  run.model.describe(list);
  list.heading("Training");
  run.train.describe(list);
  list.group("analysis", [&](OptionList& inner) { run.analysis.describe(inner); });
  for (const auto& [name, options] : run.methods) {
    list.group(name, [&shared = options](OptionList& inner) { shared->describe(inner); });
  }
}

// Of methods; some may turn out to be n/a.
int64_t trainings(const CompareOptions& options) {
  const size_t fusions = std::max<size_t>(1, options.fusions.size());
  return static_cast<int64_t>(parse_variants(options.methods).size() * fusions) * options.seeds;
}

// Trains what is not finished yet. A run that is there with other options is one usage error.
void train(const CompareOptions& options, std::vector<GridRun> runs, bool may_fail, const std::string& label) {
  std::vector<ChildRun> children;
  SameData data;
  for (GridRun& one : runs) {
    one.options.resume = fs::exists(one.options.run);
    data.expect(one.options);
    one.options.train.threads = options.layout.threads;
    children.push_back({one.name, std::move(one.options), may_fail});
  }
  const auto total = static_cast<int64_t>(children.size());
  with_runs_in(options.out, [&] {
    std::erase_if(children, [](const ChildRun& child) { return inspect_run(child.options) == RunState::finished; });
    if (children.empty()) return;
    if (const int64_t done = total - static_cast<int64_t>(children.size()); done > 0) {
      log_info(fmt::format("{}: {} of {} trainings are done already", label, done, total));
    }
    Progress progress(label, static_cast<int64_t>(children.size()), "training");
    train_in_children(children, options.layout.jobs, progress);
  });
}

// One search of each row that is not n/a; its trials are runs of the first seed.
struct Search {
  ComparisonRow* row;
  std::vector<Trial> trials;
};

std::vector<GridRun> trials_of(const CompareOptions& options, const std::vector<GridRun>& runs, Search& search) {
  const auto first = std::find_if(runs.begin(), runs.end(),
                                  [&](const GridRun& run) { return run.options.run == search.row->runs.at(0); });
  std::vector<GridRun> result;
  for (int64_t k = 0; k < options.tune; ++k) {
    const Settings settings = draw_trial(first->options, k, options.run.train.seed, options.tune_lr);
    RunOptions one = with_variant(first->options, {search.row->name, first->options.method, settings});
    one.run = (fs::path(options.out) / "tune" / folder_name(search.row->fusion) / folder_name(search.row->name) /
               fmt::format("trial{}", k))
                  .string();
    one.train.keep = "none";
    one.analysis_file = first->options.analysis_file;
    one.alone = first->options.alone;
    search.trials.push_back({settings, one.run});
    result.push_back({fmt::format("trial {} of {}", k, search.row->name), std::move(one)});
  }
  return result;
}

// Puts the best settings of each row into its runs.
void tune(const CompareOptions& options, Grid& grid) {
  std::vector<Search> searches;
  std::vector<GridRun> trials;
  for (ComparisonRow& row : grid.comparison.rows) {
    if (row.fusion.empty() || !row.refusal.empty()) continue;
    Search& search = searches.emplace_back(Search{&row, {}});
    std::vector<GridRun> some = trials_of(options, grid.methods, search);
    trials.insert(trials.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  train(options, std::move(trials), true, "search");
  for (const Search& search : searches) {
    const SelectMetric& metric = find_select_metric(options.run.train.select_metric);
    const Settings& settings = best_trial(search.trials, metric).settings;
    search.row->tuned = settings.empty() ? "as given" : settings_text(settings);
    for (GridRun& run : grid.methods) {
      const std::vector<std::string>& own = search.row->runs;
      if (std::find(own.begin(), own.end(), run.options.run) == own.end()) continue;
      run.options = with_variant(run.options, {search.row->name, run.options.method, settings});
    }
  }
}

void write_tables(const Comparison& comparison, const fs::path& folder) {
  write_json(folder / "comparison.json", comparison_json(comparison));
  write_file_atomically(folder / "comparison.csv", comparison_csv(comparison));
  write_file_atomically(folder / "comparison.md", comparison_markdown(comparison));
}

Grid plan_grid(const CompareOptions& options, const TrainingData& data) {
  GridOptions wanted;
  wanted.variants = parse_variants(options.methods);
  wanted.fusions = options.fusions;
  wanted.seeds = options.seeds;
  wanted.reference = options.reference;
  wanted.out = options.out;
  wanted.run = options.run;
  Grid grid = make_grid(wanted, data);
  Comparison& comparison = grid.comparison;
  const std::string& select = options.run.train.select;
  const bool by_validation = select == "best_val" || (select == "auto" && data.val);
  comparison.selected_by = select == "best_test" ? "test" : by_validation ? "validation" : "last";
  comparison.resamples = options.resamples;
  comparison.trials = options.tune;
  return grid;
}

void check(const CompareOptions& options, const TrainingData& data) {
  if (!data.test) {
    throw Error(ErrorKind::data,
                options.run.data.data + ": expected a test split, found none; mark some samples as test");
  }
  if (options.tune > 0 && !data.val) {
    throw Error(ErrorKind::usage, "--tune: expected a validation split to choose by, found none");
  }
}

}  // namespace

int compare_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{
      "pdmp compare",
      "Trains methods over seeds and fusions on the same splits, batches and initial weights, each modality alone "
      "beside them, and says which differences are more than chance. Runs again, it goes on where it was.",
      "pdmp compare --data mydata --methods joint,ogm_ge,pdmp:gamma=5 --seeds 5 --out comparison"};
  CompareOptions options;
  std::string config;
  OptionList list;
  list.add("config", &config, "TOML file of options, as config.toml of a run directory; flags override it.").internal();
  list.add("method", &options.run.method, "What a config file of one run holds; --methods counts here.").internal();
  options.describe(list);
  if (!parse_arguments(list, args, help, out)) return 0;
  if (options.best_test) options.run.train.select = "best_test";
  install_interrupt_handler();
  DataOptions uncached = options.run.data;  // until all is checked, nothing is written
  uncached.cache.clear();
  if (options.run.data.cache.empty()) options.run.data.cache = (fs::path(options.out) / "cache").string();
  const TrainingData data = load_data(uncached, options.run.train.seed);
  check(options, data);
  options.layout = lay_out(options.run, *data.train, options.jobs, trainings(options), options.out);
  options.run.train.precision = options.layout.precision;
  Grid grid = plan_grid(options, data);
  make_directories(options.out);
  remove_temporaries(options.out, /*locked=*/false);
  write_layout(options.layout, options.out);
  if (grid.needs_ranking) {
    resumable([&] {
      shared_analysis(options.run, load_data(options.run.data, options.run.train.seed),
                      fs::path(options.out) / "analysis.json");
    });
  }
  train(options, grid.alone, false, "modalities alone");
  if (options.tune > 0) tune(options, grid);
  train(options, grid.methods, false, "comparison");
  complete(grid.comparison, grid.other_batches);
  write_tables(grid.comparison, options.out);
  out << (options.as_json ? json_text(comparison_json(grid.comparison)) : comparison_text(grid.comparison));
  return 0;
}

}  // namespace pdmp
