// What the commands share in reading their arguments.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

#include "cli/flags.h"

namespace pdmp::cli {

// parse_flags with what every command takes added to `list`: --quiet, --log-level, --log-file. False: --help was
// printed, the command is done.
bool parse_arguments(OptionList& list, const std::vector<std::string>& args, const CommandHelp& help, std::ostream& out,
                     std::vector<std::string>* words = nullptr);

// The file this process runs.
std::filesystem::path this_program();

// Error{usage} naming the first of these text options that is empty.
void require(const OptionList& list, const CommandHelp& help, std::initializer_list<const char*> names);

}  // namespace pdmp::cli
