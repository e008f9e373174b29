// Runs the real program, as a user would.
#pragma once

#include <string>
#include <vector>

namespace pdmp::testing {

struct ProgramResult {
  int code = 0;            // exit status; 128 + n where signal n ended it
  std::string out, error;  // all of stdout and stderr
};

// `text` as one word of a shell command.
std::string shell_quoted(const std::string& text);

// `line` is a command of bash.
ProgramResult run_command(const std::string& line);

// `before`: shell text run first in the same shell ("ulimit -f 8").
ProgramResult run_program(const std::vector<std::string>& arguments, const std::string& before = "");

}  // namespace pdmp::testing
