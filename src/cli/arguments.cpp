#include "cli/arguments.h"

#include <fmt/format.h>

#include "base/log.h"
#include "pdmp/error.h"

namespace pdmp {

bool parse_arguments(OptionList& list, const std::vector<std::string>& args, const CommandHelp& help, std::ostream& out,
                     std::vector<std::string>* words) {
  bool quiet = false;
  list.heading("Options");
  list.add("quiet", &quiet, "Say nothing on stderr but warnings and errors.").internal();
  if (!parse_flags(list, args, help, out, words)) return false;
  set_quiet(quiet);
  return true;
}

void require(const OptionList& list, const CommandHelp& help, std::initializer_list<const char*> names) {
  for (const auto& option : list.all()) {
    for (const char* name : names) {
      if (option->name() == name && option->text().empty()) {
        throw Error(ErrorKind::usage, fmt::format("expected --{}, found none; for example: {}", name, help.example));
      }
    }
  }
}

}  // namespace pdmp
