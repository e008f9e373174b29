// Command-line flags of one command: every described option is `--name`.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "pdmp/options.h"

namespace pdmp::cli {

// What --help says besides the options, and the words without dashes a command takes.
struct CommandHelp {
  std::string name;           // "pdmp prepare"
  std::string summary;        // one sentence
  std::string example;        // a line to copy
  std::string argument = "";  // "NAME"; empty: none
  std::string argument_help = "";
  size_t min_arguments = 0, max_arguments = 0;
};

// --help shows the options that most people need, and those of the alternatives that the other flags choose;
// --help-all, which is there where that is not all, shows every one. No line is longer than 80 columns where words
// allow it.
//
// Sets `list` from `args` (without program and command) and puts the words without dashes into `arguments`. Takes
// `--name value` and `--name=value`; for booleans also `--flag` alone, and `--flag value` where the next word is true
// or false; a list given several times grows; `--encoders.visual.width 32` adds to a spec, after everything else. An
// option `config` names a TOML file that is read first, so flags override it. False: help was asked for and printed to
// `out`. Throws Error{usage} for what nobody described, with what it is called here or the nearest spelling.
bool parse_flags(OptionList& list, const std::vector<std::string>& args, const CommandHelp& help, std::ostream& out,
                 std::vector<std::string>* arguments = nullptr);

}  // namespace pdmp::cli
