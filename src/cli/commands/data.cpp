// `pdmp data`: what a data set holds, whether it decodes, and what a model sees of it.
#include "cli/command.h"
#include "cli/subcommand.h"

namespace pdmp::cli {
namespace {

const std::vector<Command>& data_command_table() {
  static const std::vector<Command> table = {
      {"info", "counts, shapes, durations, sizes and what is on both sides of a split", data_info_command},
      {"check", "decodes everything and lists what fails", data_check_command},
      {"show", "one sample as a model sees it, as a picture", data_show_command},
  };
  return table;
}

}  // namespace

int data_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{.name = "pdmp data",
                         .summary = "Looks into a data set before anything is trained on it.",
                         .example = "pdmp data info mydata"};
  return run_subcommand(data_command_table(), help, args, out);
}

}  // namespace pdmp::cli
