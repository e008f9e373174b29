// Commands made of commands: `pdmp data info`, `pdmp cache fill`.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/flags.h"

namespace pdmp::cli {

// Runs the row of `table` that the first argument names, with the rest. `help` says what all of it is for; the rows are
// added to it. Error{usage} with the nearest spelling where there is no such row.
int run_subcommand(const std::vector<Command>& table, CommandHelp help, const std::vector<std::string>& args,
                   std::ostream& out);

}  // namespace pdmp::cli
