// Runs the real program under strace: what it opens, and whether it touches the network.
#pragma once

#include <string>
#include <vector>

#include "cli/program.h"

namespace pdmp::testing {

struct Trace {
  ProgramResult program;
  std::vector<std::string> network;  // calls of the network: socket, connect, bind ...
  std::vector<std::string> opened;   // calls that open a file and succeed
};

// Whether strace works here: it may be missing, or forbidden in a container.
bool can_trace();

// `folder`: the working directory.
Trace trace_program(const std::vector<std::string>& arguments, const std::string& folder);

}  // namespace pdmp::testing
