#include <fmt/format.h>

#include "base/signal.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/commands/cache_fill.h"
#include "pdmp/error.h"
#include "pdmp/importer.h"

namespace pdmp::cli {

int prepare_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{.name = "pdmp prepare",
                         .summary = "Turns a public data set as downloaded into the one format training reads.",
                         .example = "pdmp prepare tuxpaint --raw /usr/share/tuxpaint/stamps --out stamps",
                         .argument = "NAME",
                         .argument_help = "The data set: a name that `pdmp list importers` shows, before any flag.",
                         .min_arguments = 1,
                         .max_arguments = 1};
  std::string raw, target;
  OptionList list;
  list.add("raw", &raw, "Folder of the download; it is not changed.");
  list.add("out", &target, "Folder to write the data set into.");
  CacheFillOptions fill;
  fill.describe_cache(list);
  // The name comes first, because an importer may have flags of its own.
  std::unique_ptr<Importer> importer;
  if (!args.empty() && !args[0].starts_with("-")) {
    importer = find_importer(args[0]).make();
    list.heading("Options of " + args[0]);
    importer->describe(list);
  }
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  if (!importer)
    throw Error(ErrorKind::usage,
                fmt::format("{}: NAME comes before the flags; for example: {}", help.name, help.example));
  require(list, help, {"raw", "out"});
  fill.check_cache();
  install_interrupt_handler();
  importer->run(raw, target);
  fill.data = target;
  if (!fill.cache.empty()) fill_cache_with(fill, out);
  return 0;
}

}  // namespace pdmp::cli
