#include "cli/arguments.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/console.h"
#include "pdmp/error.h"

namespace pdmp::cli {
namespace {

const std::vector<std::string> kLevels = {"info", "warning", "error"};  // as LogLevel

}  // namespace

bool parse_arguments(OptionList& list, const std::vector<std::string>& args, const CommandHelp& help, std::ostream& out,
                     std::vector<std::string>* words) {
  bool quiet = false;
  std::string level = kLevels.front(), file, plugin;  // plugins are loaded before a command is called
  list.heading("Options");
  list.add("quiet", &quiet, "Say nothing on stderr but warnings and errors: --log-level warning.").internal();
  list.add("log-level", &level, "What stderr shows: all, from warnings on, or errors.")
      .one_of(kLevels)
      .advanced()
      .internal();
  list.add("plugin", &plugin, "Library of methods, encoders, fusions, metrics or importers of one's own to load first.")
      .advanced()
      .internal();
  list.add("log-file", &file, "File that every message is appended to, with time and level.").advanced().internal();
  if (!parse_flags(list, args, help, out, words)) return false;
  if (quiet && level == kLevels.front()) level = "warning";
  set_log_level(static_cast<LogLevel>(std::find(kLevels.begin(), kLevels.end(), level) - kLevels.begin()));
  set_log_file(file);
  return true;
}

std::filesystem::path this_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

void require(const OptionList& list, const CommandHelp& help, std::initializer_list<const char*> names) {
  for (const auto& option : list.all()) {
    for (const char* name : names) {
      if (option->name() == name && option->text().empty()) {
        throw Error(ErrorKind::usage, fmt::format("expected --{}, found none; for example: {}", name, help.example));
      }
    }
  }
}

}  // namespace pdmp::cli
