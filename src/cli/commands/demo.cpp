// The main job from raw files to one table: prepare, analyse, train each modality alone, joint, pdmp and its controls,
// compare.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>

#include "base/files/file.h"
#include "base/files/folder_lock.h"
#include "base/files/temporary_files.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/terminal.h"
#include "base/text/json.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/print/demo_table.h"
#include "compare/controls.h"
#include "compare/execute/child_runs.h"
#include "compare/execute/resource_plan.h"
#include "compare/grid.h"
#include "compare/shared_analysis.h"
#include "data/importers/shared/importer.h"
#include "pdmp/error.h"
#include "pdmp/run.h"
#include "run/files/paths.h"
#include "train/files/layout.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

struct DemoOptions {
  std::string data, raw = "/usr/share/tuxpaint/stamps", out = "demo";
  int64_t seeds = 3, jobs = 0;
  bool as_json = false;
  RunOptions run;
  ResourcePlan plan;  // no flag: chosen

  DemoOptions();
  void describe(OptionList& list);
};

// Chosen on the validation split of the stamps. It has some seventy objects, too few to choose an epoch by, hence
// `last`.
DemoOptions::DemoOptions() {
  run.train.epochs = 5;
  run.train.batch_size = 32;
  run.train.select = "last";
  run.train.keep = "weights";
  run.train.optimizer.optimizer = "adamw";
  run.train.optimizer.lr = 2e-3;
  run.train.optimizer.label_smoothing = 0.1;
  run.train.optimizer.weight_decay = 0.05;
  run.train.optimizer.schedule = "cosine";
}

void DemoOptions::describe(OptionList& list) {
  list.heading("Demo");
  list.add("data", &data, "Your own data set (folder of dataset.json) instead of Tux Paint's stamps.");
  list.add("raw", &raw, "Folder of the stamps (Debian: tuxpaint-stamps-default).");
  list.add("out", &out, "Folder for the data set, the analysis and the runs; what is there already is used.");
  list.add("seeds", &seeds, "Trainings of each kind.").at_least(1).at_most(100);
  list.add("jobs", &jobs,
           "Trainings at once, each in a process of its own; 0: one per core, less where memory is short. 1: in this "
           "process.")
      .at_least(0)
      .at_most(64);
  list.add("json", &as_json, "Print JSON instead of a table.");
  list.heading("Model");
  run.model.describe(list);
  list.heading("Training");
  run.train.describe(list);
  for (const auto& [name, options] : run.methods) {
    list.alternative(name, "", [&shared = options](OptionList& inner) { shared->describe(inner); });
  }
}

// Small encoders, by type, so that two cores are done in minutes; other types keep their default.
struct SmallEncoder {
  const char* type;
  const char* spec;
};
constexpr SmallEncoder kSmallEncoders[] = {{"image", "resnet18:width=16"},
                                           {"frames", "resnet18:width=16"},
                                           {"flow", "resnet18:width=16"},
                                           {"audio", "resnet18:width=16"},
                                           {"text", "text_ngrams:dropout=0.5"}};

void choose_small_encoders(ModelOptions& model, const std::vector<ModalityInfo>& modalities) {
  for (const ModalityInfo& modality : modalities) {
    for (const SmallEncoder& small : kSmallEncoders) {
      if (modality.type == small.type) model.encoders.emplace(modality.name, small.spec);  // unless the user chose one
    }
  }
}

// The stamps as a data set in OUT/stamps; the importer sees itself whether it is there already.
std::string prepare_stamps(const DemoOptions& options) {
  if (!fs::is_directory(options.raw)) {
    throw Error(ErrorKind::usage,
                fmt::format("--raw {}: expected Tux Paint's stamps, found no such folder; install Debian's "
                            "tuxpaint-stamps-default, or give your own data set with --data",
                            options.raw));
  }
  const fs::path folder = fs::path(options.out) / "stamps";
  find_importer("tuxpaint").make()->run(options.raw, folder);
  return folder.string();
}

std::vector<std::string> names_of(const std::vector<ModalityInfo>& modalities) {
  std::vector<std::string> names;
  for (const ModalityInfo& modality : modalities) names.push_back(modality.name);
  return names;
}

// Where the run of a row and a seed lies: OUT/runs/picture-alone-seed0. Controls have names that folders do not.
fs::path run_folder(const DemoOptions& options, const ComparisonRow& row, uint64_t seed) {
  std::string name = row.name;
  if (!row.controls.empty()) name = row.controls[0].of_encoders ? "control-encoders" : "control-learning-rate";
  std::replace(name.begin(), name.end(), ' ', '-');
  return fs::path(options.out) / "runs" / fmt::format("{}-seed{}", name, seed);
}

// Adds the row and its runs, `options_of` making those of a seed for a directory.
template <class OptionsOf>
void add_row(const DemoOptions& options, Grid& grid, ComparisonRow row, OptionsOf options_of) {
  std::vector<GridRun>& runs = row.fusion.empty() ? grid.alone : grid.methods;
  for (const uint64_t seed : grid.comparison.seeds) {
    const fs::path directory = run_folder(options, row, seed);
    row.runs.push_back(directory.string());
    RunOptions one = options_of(directory);
    one.train.seed = seed;
    one.run = directory.string();
    one.resume = fs::exists(directory);
    runs.push_back({fmt::format("{}, seed {}", row.name, seed), std::move(one), {}});
  }
  grid.comparison.rows.push_back(std::move(row));
}

void add_alone(const DemoOptions& options, Grid& grid, const std::vector<ModalityInfo>& modalities,
               const std::string& modality) {
  ComparisonRow row;
  row.name = modality + " alone";
  row.method = "joint";
  row.modalities = {modality};
  add_row(options, grid, std::move(row),
          [&](const fs::path& directory) { return alone_options(options.run, modalities, modality, directory); });
}

void add_method(const DemoOptions& options, Grid& grid, const Variant& variant, const fs::path& analysis) {
  ComparisonRow row;
  row.name = variant.controls.empty() ? variant.name : variant.controls[0].what;
  row.method = variant.method;
  row.fusion = options.run.model.fusion;
  row.modalities = grid.comparison.modalities;
  row.controls = variant.controls;
  row.added_control = variant.added_control;
  add_row(options, grid, std::move(row), [&](const fs::path&) {
    RunOptions one = with_variant(options.run, variant);
    one.analysis_file = analysis.string();
    return one;
  });
}

// Each modality alone, joint, pdmp and its controls, with every seed.
Grid make_demo_grid(const DemoOptions& options, const std::vector<ModalityInfo>& modalities, const fs::path& analysis) {
  constexpr int64_t kResamples = 10000;
  Grid grid;
  Comparison& comparison = grid.comparison;
  comparison.reference = "joint";
  comparison.resamples = kResamples;
  comparison.modalities = names_of(modalities);
  for (int64_t k = 0; k < options.seeds; ++k) {
    comparison.seeds.push_back(options.run.train.seed + static_cast<uint64_t>(k));
  }
  for (const std::string& modality : comparison.modalities) add_alone(options, grid, modalities, modality);
  const std::vector<Variant> variants = parse_variants({"joint", "pdmp"});
  for (const Variant& variant : with_controls(variants, options.run, comparison.modalities)) {
    add_method(options, grid, variant, analysis);
  }
  return grid;
}

// A control may fail: a large learning rate is what it is made of, and that it diverges is a result.
void train_in_this_process(const std::vector<ChildRun>& runs) {
  for (size_t i = 0; i < runs.size(); ++i) {
    log_info(fmt::format("training {} of {}: {}", i + 1, runs.size(), runs[i].name));
    try {
      resumable([&] { run(runs[i].options); });
    } catch (const Error& error) {
      if (!runs[i].may_fail || error.kind() != ErrorKind::data) throw;
      log_warning(fmt::format("{}: {}", runs[i].name, error.what()));
    }
  }
}

void train_runs(const DemoOptions& options, std::vector<ChildRun> runs) {
  if (options.plan.jobs == 1) return train_in_this_process(runs);
  Progress progress("trainings", static_cast<int64_t>(runs.size()), "training");
  train_in_children(runs, options.plan.jobs, progress);
}

bool is_control(const Comparison& comparison, const std::string& directory) {
  return std::any_of(comparison.rows.begin(), comparison.rows.end(), [&](const ComparisonRow& row) {
    return !row.controls.empty() && std::find(row.runs.begin(), row.runs.end(), directory) != row.runs.end();
  });
}

void refuse_unfinished(Comparison& comparison) {
  for (ComparisonRow& row : comparison.rows) {
    for (const std::string& directory : row.runs) {
      if (!run_layout::is_finished(directory)) row.refusal = directory + " failed";
    }
  }
}

// Seed by seed, so that an early look has every kind.
std::vector<ChildRun> children_of(const DemoOptions& options, const Grid& grid) {
  std::vector<ChildRun> runs;
  for (const std::vector<GridRun>* some : {&grid.alone, &grid.methods}) {
    for (const GridRun& one : *some) {
      ChildRun child{one.name, one.options, is_control(grid.comparison, one.options.run)};
      child.options.train.threads = options.plan.threads;
      child.options.train.precision = options.plan.precision;
      runs.push_back(std::move(child));
    }
  }
  std::stable_sort(runs.begin(), runs.end(), [](const ChildRun& one, const ChildRun& other) {
    return one.options.train.seed < other.options.train.seed;
  });
  return runs;
}

// Finished runs are read, an interrupted one goes on.
void train_all(const DemoOptions& options, Grid& grid) {
  train_runs(options, children_of(options, grid));
  refuse_unfinished(grid.comparison);
  complete(grid.comparison, {});
}

std::vector<int64_t> class_counts(const Dataset& data) {
  std::vector<int64_t> counts(data.classes().size());
  for (int64_t i = 0; i < data.size(); ++i) ++counts[static_cast<size_t>(data.label(i))];
  return counts;
}

DemoFacts facts_of(const DemoOptions& options, const TrainingData& data, const fs::path& analysis,
                   std::chrono::steady_clock::time_point start) {
  const std::vector<int64_t> train = class_counts(*data.train), test = class_counts(*data.test);
  const auto majority = static_cast<size_t>(std::max_element(train.begin(), train.end()) - train.begin());
  return {.data = options.run.data.data,
          .runs = (fs::path(options.out) / "runs").string(),
          .analysis = analysis.string(),
          .classes = static_cast<int64_t>(train.size()),
          .n_train = data.train->size(),
          .n_test = data.test->size(),
          .majority = static_cast<double>(test[majority]) / static_cast<double>(data.test->size()),
          .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          .peak_memory = peak_memory_of_children()};
}

}  // namespace

int demo_command(const std::vector<std::string>& args, std::ostream& out) {
  const auto start = std::chrono::steady_clock::now();
  const CommandHelp help{
      "pdmp demo",
      "Prepares Tux Paint's stamps, analyses the modalities, trains each alone, joint, pdmp and its controls (the "
      "same learning rate without a leading modality) over several seeds, and prints one table. Runs again, it goes on "
      "where it was.",
      "pdmp demo --data mydata --out demo-mydata --seeds 3"};
  DemoOptions options;
  OptionList list;
  options.describe(list);
  if (!parse_arguments(list, args, help, out)) return 0;
  install_interrupt_handler();
  FolderLock::expect_free(options.out, kBusyOut);
  options.run.data.data = options.data.empty() ? prepare_stamps(options) : options.data;
  const TrainingData data = load_data(options.run.data, options.run.train.seed);
  if (!data.test)
    throw Error(ErrorKind::data,
                options.run.data.data + ": expected a test split, found none; mark some samples as test");
  choose_small_encoders(options.run.model, data.train->modalities());
  make_paths_absolute(options.run);
  const fs::path analysis = fs::path(options.out) / run_layout::kAnalysis;
  make_directories(options.out);
  const FolderLock lock(options.out, kBusyOut);
  remove_temporaries(options.out, /*locked=*/true);
  const std::vector<ModalityInfo>& modalities = data.train->modalities();
  Grid grid = make_demo_grid(options, modalities, analysis);
  const auto trainings = static_cast<int64_t>(grid.alone.size() + grid.methods.size());
  options.plan = plan_resources(options.run, *data.train, options.jobs, trainings, options.out);
  options.run.train.precision = options.plan.precision;
  expect_same_runs(children_of(options, grid), options.out);
  write_resource_plan(options.plan, options.out);
  resumable([&] {
    const AnalysisResult result = shared_analysis(options.run, data, analysis);
    const ModalityRanking ranking = ranking_for(result, grid.comparison.modalities, analysis.string());
    drop_needless_controls(grid, &ranking);
  });
  train_all(options, grid);
  const DemoFacts facts = facts_of(options, data, analysis, start);
  write_json(fs::path(options.out) / "demo.json", demo_json(grid.comparison, facts));
  out << (options.as_json ? json_text(demo_json(grid.comparison, facts))
                          : demo_text(grid.comparison, facts, output_width()));
  return 0;
}

}  // namespace pdmp
