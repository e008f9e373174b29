// Many methods x seeds x fusions on one data set, as one table.
#include <ATen/Parallel.h>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <optional>

#include "base/files/file.h"
#include "base/files/folder_lock.h"
#include "base/files/temporary_files.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/terminal.h"
#include "base/text/json.h"
#include "base/text/printable.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "compare/comparison.h"
#include "compare/controls.h"
#include "compare/execute/child_runs.h"
#include "compare/execute/comparison_cost.h"
#include "compare/execute/resource_plan.h"
#include "compare/failures.h"
#include "compare/grid.h"
#include "compare/shared_analysis.h"
#include "compare/tune.h"
#include "metrics/metric.h"
#include "pdmp/error.h"
#include "run/files/paths.h"
#include "run/open_run.h"
#include "train/files/layout.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

struct CompareOptions {
  std::vector<std::string> methods = {"joint", "pdmp"};
  std::vector<std::string> fusions;
  std::string out = "comparison", reference, controls = "on";
  int64_t seeds = 3, jobs = 0, resamples = 10000, tune = 0;
  double tune_lr = 4;
  bool best_test = false, as_json = false, dry_run = false, explain = false, wide = false;
  RunOptions run;
  ResourcePlan plan;  // no flag: chosen

  CompareOptions() { run.train.keep = "best"; }
  void describe(OptionList& list);
};

void CompareOptions::describe(OptionList& list) {
  list.heading("Comparison");
  list.add("methods", &methods,
           "Methods to compare, each with settings of its own where wanted (joint,joint:lr=0.015,pdmp:gamma=5). "
           "Brackets or quotes hold a value with commas or colons together, and the shell wants quotes around them: "
           "--methods 'joint,pdmp:coefficients=[audio=15,lips=15]'. all: every method there is.");
  list.add("fusions", &fusions, "Fusions to compare them on; none named: that of --fusion.");
  list.add("out", &out, "Folder for the runs and the tables; finished runs in it are used, unfinished ones go on.");
  list.add("seeds", &seeds, "Trainings of each method, from --seed on.").at_least(1).at_most(1000);
  list.add("reference", &reference,
           "Row the others are compared with: one of --methods, or a modality alone (alone:picture); none: joint.");
  list.add("controls", &controls,
           "Beside every pdmp two rows with its learning rate in which no modality leads: every encoder, and the whole "
           "model, at gamma times the rate; off: none.")
      .one_of({"on", "off"});
  list.add("jobs", &jobs,
           "Trainings at once, each in a process of its own; 0: one per core, less where memory is short.")
      .at_least(0)
      .at_most(256);
  list.add("resamples", &resamples, "Resamples of the bootstrap.").at_least(100).at_most(1000000).advanced();
  list.add("tune", &tune,
           "Trials of a random search before the comparison, the same number for every method; 0: methods as given.")
      .at_least(0)
      .at_most(1000);
  list.add("tune-lr", &tune_lr, "The search draws learning rates from lr / this to lr * this.")
      .at_least(1)
      .at_most(1000)
      .advanced();
  list.add("best-test", &best_test,
           "Choose each run's epoch on the TEST split, as many papers do. Too good to be true; the tables say so.")
      .advanced();
  list.add("json", &as_json, "Print JSON instead of a table.");
  list.add("explain", &explain, "Say below the table what the columns mean, as comparison.md does.");
  list.add("wide", &wide, "Tables as wide as they are; else they fit COLUMNS, the terminal, or 100 columns in a pipe.");
  list.add("dry-run", &dry_run,
           "Say how many trainings there would be and estimate time, disk and memory from a few steps; write nothing.")
      .internal();
  list.heading("Data");
  run.data.describe(list);
  list.heading("Model");
  run.model.describe(list);
  list.heading("Training");
  run.train.describe(list);
  list.group("analysis", [&](OptionList& inner) { run.analysis.describe(inner); });
  for (const auto& [name, options] : run.methods) {
    list.alternative(name, "methods", [&shared = options](OptionList& inner) { shared->describe(inner); });
  }
}

// Those of --methods and their controls.
std::vector<Variant> variants_of(const CompareOptions& options, const TrainingData& data) {
  std::vector<Variant> variants = parse_variants(options.methods);
  if (options.controls == "off") return variants;
  std::vector<std::string> modalities;
  for (const ModalityInfo& modality : data.train->modalities()) modalities.push_back(modality.name);
  return with_controls(variants, options.run, modalities);
}

// Of methods; some may turn out to be n/a.
int64_t trainings(const CompareOptions& options, const TrainingData& data) {
  const size_t fusions = std::max<size_t>(1, options.fusions.size());
  return static_cast<int64_t>(variants_of(options, data).size() * fusions) * options.seeds;
}

// The runs as `pdmp train` takes them.
std::vector<ChildRun> children_of(const CompareOptions& options, std::vector<GridRun> runs) {
  std::vector<ChildRun> children;
  for (GridRun& one : runs) {
    one.options.resume = fs::exists(one.options.run);
    one.options.train.threads = options.plan.threads;
    children.push_back({one.name, std::move(one.options), /*may_fail=*/true});
  }
  return children;
}

// A run whose files are damaged fails alone.
bool needs_training(const ChildRun& child, const ResumeAdvice& advice, Failures& failures) {
  try {
    return inspect_run(child.options, advice) != RunState::finished;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    failures.emplace(child.options.run, error.what());
    return false;
  }
}

// Trains what is not finished yet and needs nothing that failed.
void train(const CompareOptions& options, std::vector<GridRun> runs, Failures& failures, const std::string& label) {
  remove_failed(runs, failures);
  std::vector<ChildRun> children = children_of(options, std::move(runs));
  const auto total = static_cast<int64_t>(children.size());
  const ResumeAdvice advice = advice_of(options.out);
  std::erase_if(children, [&](const ChildRun& child) { return !needs_training(child, advice, failures); });
  if (children.empty()) return;
  if (const int64_t done = total - static_cast<int64_t>(children.size()); done > 0) {
    log_info(fmt::format("{}: {} of {} trainings are done already", label, done, total));
  }
  Progress progress(label, static_cast<int64_t>(children.size()), "training");
  for (FailedRun& failed : train_in_children(children, options.plan.jobs, progress)) {
    failures.emplace(std::move(failed.run), std::move(failed.reason));
  }
}

// One search of each row that has trainings; its trials are runs of the first seed.
struct Search {
  ComparisonRow* row;
  std::vector<Trial> trials;
  std::vector<GridRun> runs;
};

Search search_of(const CompareOptions& options, const std::vector<GridRun>& runs, ComparisonRow& row) {
  const auto first =
      std::find_if(runs.begin(), runs.end(), [&](const GridRun& run) { return run.options.run == row.runs.at(0); });
  Search search{&row, {}, {}};
  for (int64_t k = 0; k < options.tune; ++k) {
    const Settings settings = draw_trial(first->options, k, options.run.train.seed, options.tune_lr);
    RunOptions one = with_variant(first->options, {row.name, first->options.method, settings});
    one.run =
        (fs::path(options.out) / "tune" / folder_name(row.fusion) / folder_name(row.name) / fmt::format("trial{}", k))
            .string();
    one.train.keep = "none";
    one.analysis_file = first->options.analysis_file;
    one.alone = first->options.alone;
    search.trials.push_back({settings, one.run});
    search.runs.push_back({fmt::format("trial {} of {}", k, row.name), std::move(one), first->needs});
  }
  return search;
}

std::vector<Search> searches_of(const CompareOptions& options, Grid& grid) {
  std::vector<Search> searches;
  for (ComparisonRow& row : grid.comparison.rows) {
    const bool searched = options.tune > 0 && !is_unimodal(row) && row.refusal.empty() && !row.added_control;
    if (searched) searches.push_back(search_of(options, grid.methods, row));
  }
  return searches;
}

std::vector<GridRun> runs_of(const std::vector<Search>& searches) {
  std::vector<GridRun> runs;
  for (const Search& search : searches) runs.insert(runs.end(), search.runs.begin(), search.runs.end());
  return runs;
}

// What is there must go on with these options and data. Under --tune the settings of methods are not known yet.
void expect_same_runs(const CompareOptions& options, Grid& grid) {
  std::vector<GridRun> runs = options.tune > 0 ? runs_of(searches_of(options, grid)) : grid.methods;
  runs.insert(runs.end(), grid.alone.begin(), grid.alone.end());
  expect_same_runs(children_of(options, std::move(runs)), options.out);
}

// Why no trial of the search has a result.
std::string failure_of(const Search& search, const Failures& failures, const Error& error) {
  const auto first = failures.find(search.trials.at(0).run);
  return first == failures.end() ? error.what() : "no trial has a result; the first: " + first->second;
}

// Puts the best settings into the runs of the row, which fail where no trial has a result.
void use_best(const Search& search, const Metric& metric, const Failures& of_trials, Grid& grid, Failures& failures) {
  ComparisonRow& row = *search.row;
  Settings settings;
  try {
    settings = best_trial(search.trials, metric).settings;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    for (const std::string& run : row.runs) failures.emplace(run, failure_of(search, of_trials, error));
    return;
  }
  row.tuned = settings.empty() ? "as given" : settings_text(settings);
  for (GridRun& run : grid.methods) {
    if (std::find(row.runs.begin(), row.runs.end(), run.options.run) == row.runs.end()) continue;
    run.options = with_variant(run.options, {row.name, run.options.method, settings});
  }
}

// A trial that fails is no failure of the comparison: the others are there to choose from.
void tune(const CompareOptions& options, Grid& grid, Failures& failures) {
  const std::vector<Search> searches = searches_of(options, grid);
  Failures of_trials = failures;
  train(options, runs_of(searches), of_trials, "search");
  const Metric& metric = find_metric(options.run.train.select_metric);
  for (const Search& search : searches) use_best(search, metric, of_trials, grid, failures);
  follow_search(grid);
}

// The ranking that some methods need; those methods fail where it does.
std::optional<ModalityRanking> analyze_modalities(const CompareOptions& options,
                                                  const std::vector<std::string>& modalities, Failures& failures) {
  const fs::path file = fs::path(options.out) / run_layout::kAnalysis;
  std::optional<ModalityRanking> ranking;
  try {
    resumable([&] {
      ranking = ranking_for(shared_analysis(options.run, load_data(options.run.data, options.run.train.seed), file),
                            modalities, file.string());
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    failures.emplace(file.string(), error.what());
  }
  return ranking;
}

int tell_failures(const Failures& failures) {
  constexpr int kSomeFailed = 3;
  if (failures.empty()) return 0;
  const auto& [first, reason] = *failures.begin();
  const std::string more = failures.size() == 1 ? "" : fmt::format("; and {} more", failures.size() - 1);
  const std::string text = fmt::format(
      "{} failed: {}{}; the table says which rows lack it, and the same command tries again", first, reason, more);
  std::fprintf(stderr, "pdmp: %s\n", message_line(text).c_str());  // as an error that ends the program
  return kSomeFailed;
}

void write_tables(const Comparison& comparison, const fs::path& folder) {
  write_json(folder / "comparison.json", comparison_json(comparison));
  write_file_atomically(folder / "comparison.csv", comparison_csv(comparison));
  write_file_atomically(folder / "comparison.md", comparison_markdown(comparison));
}

Grid plan_grid(const CompareOptions& options, const TrainingData& data) {
  GridOptions wanted;
  wanted.variants = variants_of(options, data);
  wanted.fusions = options.fusions;
  wanted.seeds = options.seeds;
  wanted.reference = options.reference;
  wanted.out = options.out;
  wanted.run = options.run;
  Grid grid = make_grid(wanted, data);
  Comparison& comparison = grid.comparison;
  const std::string& select = options.run.train.select;
  const bool by_validation = select == "best_val" || (select == "auto" && data.val);
  comparison.select_metric = options.run.train.select_metric;
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

int tell_cost(const CompareOptions& options, Grid& grid, const TrainingData& data, std::ostream& out) {
  at::set_num_threads(static_cast<int>(options.plan.threads));
  RunOptions joint = options.run;
  joint.method = "joint";
  const TrialCost trial = measure_trial(joint, data, TrialPlace::on_disk);
  const ComparisonCost cost =
      cost_of(grid, runs_of(searches_of(options, grid)), options.run, data, options.plan, trial);
  out << (options.as_json ? json_text(cost_json(cost)) : cost_text(cost));
  return 0;
}

void train_all(const CompareOptions& options, Grid& grid, Failures& failures) {
  std::optional<ModalityRanking> ranking;
  if (grid.needs_ranking) ranking = analyze_modalities(options, grid.comparison.modalities, failures);
  drop_needless_controls(grid, ranking ? &*ranking : nullptr);
  train(options, grid.alone, failures, "modalities alone");
  if (options.tune > 0) tune(options, grid, failures);
  train(options, grid.methods, failures, "comparison");
}

// The lock of --out. A folder that is not there is made once all is checked.
class OutLock {
 public:
  explicit OutLock(const CompareOptions& options) : out_(options.out) {
    if (!options.dry_run && fs::exists(out_ / "lock")) hold();
  }
  void hold() {
    if (lock_) return;
    make_directories(out_);
    lock_.emplace(out_, kBusyOut);
  }

 private:
  fs::path out_;
  std::optional<FolderLock> lock_;
};

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
  list.add("method", &options.run.method, "What a config file of one run holds; --methods counts here.")
      .internal()
      .advanced();
  options.describe(list);
  if (!parse_arguments(list, args, help, out)) return 0;
  if (options.best_test) options.run.train.select = "best_test";
  install_interrupt_handler();
  make_paths_absolute(options.run);
  OutLock lock(options);
  DataOptions uncached = options.run.data;  // until all is checked, nothing is written
  uncached.cache.clear();
  if (options.run.data.cache.empty()) options.run.data.cache = fs::absolute(fs::path(options.out) / "cache").string();
  const TrainingData data = load_data(uncached, options.run.train.seed);
  check(options, data);
  options.plan = plan_resources(options.run, *data.train, options.jobs, trainings(options, data), options.out);
  options.run.train.precision = options.plan.precision;
  Grid grid = plan_grid(options, data);
  expect_same_runs(options, grid);
  if (options.dry_run) return tell_cost(options, grid, data, out);
  lock.hold();
  remove_temporaries(options.out, /*locked=*/true);
  write_resource_plan(options.plan, options.out);
  Failures failures;
  train_all(options, grid, failures);
  note_failures(grid.comparison, failures);
  complete(grid.comparison, grid.other_batches);
  write_tables(grid.comparison, options.out);
  const TextForm form{options.wide ? 0 : output_width(), options.explain};
  out << (options.as_json ? json_text(comparison_json(grid.comparison)) : comparison_text(grid.comparison, form));
  return tell_failures(failures);
}

}  // namespace pdmp
