// `pdmp data`: what a data set holds, whether it decodes, and what a model sees of it.
#include <algorithm>
#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/command.h"
#include "pdmp/error.h"

namespace pdmp {
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
  std::vector<std::string> names;
  std::string lines;
  for (const Command& command : data_command_table()) {
    if (!args.empty() && args[0] == command.name) return command.run({args.begin() + 1, args.end()}, out);
    names.emplace_back(command.name);
    lines += fmt::format("{}{}: {}", lines.empty() ? "" : "; ", command.name, command.summary);
  }
  const CommandHelp help{.name = "pdmp data",
                         .summary = "Looks into a data set before anything is trained on it.",
                         .example = "pdmp data info mydata",
                         .argument = "WHAT",
                         .argument_help = lines + ". Each has a --help of its own.",
                         .min_arguments = 1,
                         .max_arguments = 1};
  // Before its arguments are looked at, which mean nothing yet.
  if (!args.empty() && !args[0].starts_with("-")) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: unknown word '{}'{}", help.name, args[0], suggestion(args[0], names)));
  }
  OptionList list;
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  if (std::find(names.begin(), names.end(), words.at(0)) != names.end()) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: expected '{}' before the flags; for example: {}", help.name, words[0], help.example));
  }
  throw Error(ErrorKind::usage,
              fmt::format("{}: unknown word '{}'{}", help.name, words[0], suggestion(words[0], names)));
}

}  // namespace pdmp
