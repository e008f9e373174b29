#include "base/signal.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "pdmp/run.h"

namespace pdmp {

int train_command(const std::vector<std::string>& args, std::ostream& out) {
  RunOptions options;
  std::string config;
  OptionList list;
  list.add("config", &config, "TOML file of options, as config.toml of a run directory; flags override it.").internal();
  options.describe(list);
  const CommandHelp help{
      "pdmp train",
      "Trains one model, analyses the modalities first where the method needs it, and scores the test split once.",
      "pdmp train --data mydata --run runs/first --method pdmp --epochs 30"};
  if (!parse_arguments(list, args, help, out)) return 0;
  install_interrupt_handler();
  if (options.dry_run) {
    out << plan(options);
    return 0;
  }
  out << summary_text(run(options));
  return 0;
}

}  // namespace pdmp
