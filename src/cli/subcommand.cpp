#include "cli/subcommand.h"

#include <algorithm>
#include <fmt/format.h>

#include "cli/arguments.h"
#include "pdmp/error.h"

namespace pdmp::cli {

int run_subcommand(const std::vector<Command>& table, CommandHelp help, const std::vector<std::string>& args,
                   std::ostream& out) {
  std::vector<std::string> names;
  std::string lines;
  for (const Command& command : table) {
    if (!args.empty() && args[0] == command.name) return command.run({args.begin() + 1, args.end()}, out);
    names.emplace_back(command.name);
    lines += fmt::format("{}{}: {}", lines.empty() ? "" : "; ", command.name, command.summary);
  }
  help.argument = "WHAT";
  help.argument_help = lines + ". Each has a --help of its own.";
  help.min_arguments = help.max_arguments = 1;
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

}  // namespace pdmp::cli
