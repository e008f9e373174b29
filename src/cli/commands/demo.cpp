// The main job from raw files to one table: `compare` on Tux Paint's stamps with a recipe for two cores.
#include <chrono>
#include <filesystem>
#include <fmt/format.h>

#include "base/files/file.h"
#include "base/files/folder_lock.h"
#include "base/signal.h"
#include "base/text/json.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/plugins.h"
#include "cli/print/demo_table.h"
#include "cli/print/failures.h"
#include "cli/terminal.h"
#include "compare/execute/child_runs.h"
#include "compare/execute/comparison_run.h"
#include "pdmp/error.h"
#include "pdmp/importer.h"

namespace pdmp::cli {
namespace {

namespace fs = std::filesystem;

struct DemoFlags {
  std::string data, raw = "/usr/share/tuxpaint/stamps";
  bool as_json = false;
  ComparisonOptions options;

  DemoFlags();
  void describe(OptionList& list);
};

// Chosen on the validation split of the stamps. It has some seventy objects, too few to choose an epoch by, hence
// `last`.
DemoFlags::DemoFlags() {
  options.out = "demo";
  options.reference = "joint";
  options.run.data.cache = "off";  // pictures as small as these decode in no time
  TrainOptions& train = options.run.train;
  train.epochs = 5;
  train.batch_size = 32;
  train.select = "last";
  train.keep = "weights";
  train.optimizer.optimizer = "adamw";
  train.optimizer.lr = 2e-3;
  train.optimizer.label_smoothing = 0.1;
  train.optimizer.weight_decay = 0.05;
  train.optimizer.schedule = "cosine";
}

void DemoFlags::describe(OptionList& list) {
  list.heading("Demo");
  list.add("data", &data, "Your own data set (folder of dataset.json) instead of Tux Paint's stamps.");
  list.add("raw", &raw, "Folder of the stamps (Debian: tuxpaint-stamps-default).");
  list.add("out", &options.out, "Folder for the data set, the analysis and the runs; what is there already is used.");
  list.add("seeds", &options.seeds, "Trainings of each kind.").at_least(1).at_most(100);
  list.add("jobs", &options.jobs,
           "Trainings at once, each in a process of its own; 0: one per core, less where memory is short.")
      .at_least(0)
      .at_most(64);
  list.add("json", &as_json, "Print JSON instead of a table.");
  list.heading("Model");
  options.run.model.describe(list);
  list.heading("Training");
  options.run.train.describe(list);
  options.run.method.describe_all(list, /*chooser=*/"");
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
std::string prepare_stamps(const DemoFlags& flags) {
  if (!fs::is_directory(flags.raw)) {
    throw Error(ErrorKind::usage,
                fmt::format("--raw {}: expected Tux Paint's stamps, found no such folder; install Debian's "
                            "tuxpaint-stamps-default, or give your own data set with --data",
                            flags.raw));
  }
  const fs::path folder = fs::path(flags.options.out) / "stamps";
  find_importer("tuxpaint").make()->run(flags.raw, folder);
  return folder.string();
}

DemoFacts facts_of(const comparing::ComparisonRun& run, const std::string& out,
                   std::chrono::steady_clock::time_point start) {
  return {.runs = out,
          .analysis = run.analysis_file(),
          .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          .peak_memory = comparing::peak_memory_of_children()};
}

}  // namespace

int demo_command(const std::vector<std::string>& args, std::ostream& out) {
  const auto start = std::chrono::steady_clock::now();
  const CommandHelp help{
      "pdmp demo",
      "Prepares Tux Paint's stamps, analyses the modalities, trains each alone, joint, pdmp and its controls (the "
      "same learning rate without a leading modality) over several seeds, and prints one table. Runs again, it goes on "
      "where it was. It is pdmp compare with a recipe for this data.",
      "pdmp demo --data mydata --out demo-mydata --seeds 3"};
  DemoFlags flags;
  OptionList list;
  flags.describe(list);
  if (!parse_arguments(list, args, help, out)) return 0;
  install_interrupt_handler();
  ComparisonOptions& options = flags.options;
  options.program = this_program();
  options.program_arguments = plugin_arguments();
  FolderLock::expect_free(options.out, comparing::kBusyOut);
  options.run.data.data = flags.data.empty() ? prepare_stamps(flags) : flags.data;
  options.adapt = [](RunOptions& run, const std::vector<ModalityInfo>& modalities) {
    choose_small_encoders(run.model, modalities);
  };
  comparing::ComparisonRun run(options);
  run.train();
  const DemoFacts facts = facts_of(run, options.out, start);
  write_json(fs::path(options.out) / "demo.json", demo_json(run.comparison(), facts));
  out << (flags.as_json ? json_text(demo_json(run.comparison(), facts))
                        : demo_text(run.comparison(), facts, output_width()));
  return tell_failures(run.failures());
}

}  // namespace pdmp::cli
