#include <filesystem>
#include <memory>

#include "base/signal.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "pdmp/run.h"
#include "run/files/timing.h"
#include "train/files/layout.h"

namespace pdmp::cli {

namespace {

struct TrainFlags {
  RunOptions options;
  std::string config;
  bool dry_run = false;
  OptionList list;

  TrainFlags() {
    list.add("config", &config, "TOML file of options, as config.toml of a run directory; flags override it.")
        .internal();
    options.describe(list);
    list.heading("Run");
    list.add("dry-run", &dry_run, "Say what the run would cost, write nothing.").internal();
  }
  TrainFlags(const TrainFlags&) = delete;
  TrainFlags& operator=(const TrainFlags&) = delete;
};

// `--resume` without data goes on with the options of the run, which flags override.
std::string config_of_resumed(const TrainFlags& flags) {
  const RunOptions& options = flags.options;
  if (!options.resume || !options.data.data.empty() || !flags.config.empty() || options.run.empty()) return "";
  const std::filesystem::path config = std::filesystem::path(options.run) / training::run_layout::kConfig;
  return std::filesystem::exists(config) ? config.string() : "";
}

}  // namespace

int train_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{
      "pdmp train",
      "Trains one model, analyses the modalities first where the method needs it, and scores the test split once.",
      "pdmp train --data mydata --run runs/first --method pdmp --epochs 30"};
  auto flags = std::make_unique<TrainFlags>();
  if (!parse_arguments(flags->list, args, help, out)) return 0;
  if (const std::string config = config_of_resumed(*flags); !config.empty()) {
    std::vector<std::string> more = args;
    more.insert(more.end(), {"--config", config});
    flags = std::make_unique<TrainFlags>();
    parse_arguments(flags->list, more, help, out);
  }
  RunOptions& options = flags->options;
  install_interrupt_handler();
  if (flags->dry_run) {
    out << plan(options);
    return 0;
  }
  out << summary_text(train(options));
  if (options.train.profile)
    out << "\n" << runs::phase_text(std::filesystem::path(options.run) / training::run_layout::kTiming);
  return 0;
}

}  // namespace pdmp::cli
