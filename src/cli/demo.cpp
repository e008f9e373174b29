// The main job from raw files to one table: prepare, analyse, train each modality alone, joint and pdmp, compare.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>

#include "base/file.h"
#include "base/folder_lock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/temporary_files.h"
#include "cli/arguments.h"
#include "cli/child_runs.h"
#include "cli/command.h"
#include "cli/demo_table.h"
#include "cli/layout.h"
#include "compare/shared_analysis.h"
#include "data/importer.h"
#include "pdmp/error.h"
#include "pdmp/run.h"
#include "run/paths.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

struct DemoOptions {
  std::string data, raw = "/usr/share/tuxpaint/stamps", out = "demo";
  int64_t seeds = 3, jobs = 0;
  bool as_json = false;
  RunOptions run;
  Layout layout;  // no flag: chosen

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
    list.group(name, [&shared = options](OptionList& inner) { shared->describe(inner); });
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

struct Training {
  std::string name, method;
  std::vector<std::string> modalities;  // empty: all
};

std::vector<Training> trainings(const std::vector<ModalityInfo>& modalities) {
  std::vector<Training> result;
  for (const ModalityInfo& modality : modalities)
    result.push_back({modality.name + " alone", "joint", {modality.name}});
  result.push_back({"joint", "joint", {}});
  result.push_back({"pdmp", "pdmp", {}});
  return result;
}

// Finished runs are read, an interrupted one goes on.
RunOptions options_of(const DemoOptions& options, const std::vector<ModalityInfo>& modalities, const Training& training,
                      uint64_t seed, const fs::path& analysis) {
  RunOptions one = options.run;
  one.train.seed = seed;
  one.train.threads = options.layout.threads;
  one.analysis_file = analysis.string();
  std::string folder = fmt::format("{}-seed{}", training.name, seed);
  std::replace(folder.begin(), folder.end(), ' ', '-');
  const fs::path directory = fs::path(options.out) / "runs" / folder;
  if (!training.modalities.empty()) return alone_options(one, modalities, training.modalities[0], directory);
  one.method = training.method;
  one.run = directory.string();
  one.resume = fs::exists(one.run);
  return one;
}

void train_in_this_process(const std::vector<ChildRun>& runs) {
  for (size_t i = 0; i < runs.size(); ++i) {
    log_info(fmt::format("training {} of {}: {}", i + 1, runs.size(), runs[i].name));
    resumable([&] { run(runs[i].options); });
  }
}

void train_runs(const DemoOptions& options, std::vector<ChildRun> runs) {
  if (options.layout.jobs == 1) return train_in_this_process(runs);
  Progress progress("trainings", static_cast<int64_t>(runs.size()), "training");
  train_in_children(runs, options.layout.jobs, progress);
}

std::vector<DemoRow> train_all(const DemoOptions& options, const std::vector<ModalityInfo>& modalities,
                               const fs::path& analysis) {
  const std::vector<Training> kinds = trainings(modalities);
  std::vector<ChildRun> runs;
  for (uint64_t seed = options.run.train.seed; seed < options.run.train.seed + static_cast<uint64_t>(options.seeds);
       ++seed) {
    for (const Training& kind : kinds) {
      runs.push_back(
          {fmt::format("{}, seed {}", kind.name, seed), options_of(options, modalities, kind, seed, analysis)});
    }
  }
  with_runs_in(options.out, [&] { train_runs(options, runs); });
  std::vector<DemoRow> rows(kinds.size());
  for (size_t i = 0; i < runs.size(); ++i) {
    DemoRow& row = rows[i % kinds.size()];
    row.name = kinds[i % kinds.size()].name;
    row.runs.push_back(read_summary(runs[i].options.run));  // as a finished run is read, to the last digit
  }
  return rows;
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
      "Prepares Tux Paint's stamps, analyses the modalities, trains each alone, joint and pdmp over several "
      "seeds, and prints one table. Runs again, it goes on where it was.",
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
  const fs::path analysis = fs::path(options.out) / "analysis.json";
  make_directories(options.out);
  const FolderLock lock(options.out, kBusyOut);
  remove_temporaries(options.out, /*locked=*/false);
  const auto kinds = static_cast<int64_t>(trainings(data.train->modalities()).size());
  options.layout = lay_out(options.run, *data.train, options.jobs, kinds * options.seeds, options.out);
  options.run.train.precision = options.layout.precision;
  write_layout(options.layout, options.out);
  resumable([&] { shared_analysis(options.run, data, analysis); });
  const std::vector<DemoRow> rows = train_all(options, data.train->modalities(), analysis);
  const DemoFacts facts = facts_of(options, data, analysis, start);
  write_json(fs::path(options.out) / "demo.json", demo_json(rows, facts));
  out << (options.as_json ? json_text(demo_json(rows, facts)) : demo_text(rows, facts));
  return 0;
}

}  // namespace pdmp
