#include "cli/traced_program.h"

#include <cstdlib>
#include <fstream>

#include "support/temporary_directory.h"

namespace pdmp::testing {

bool can_trace() { return std::system("strace -qq -o /dev/null true >/dev/null 2>&1") == 0; }

Trace trace_program(const std::vector<std::string>& arguments, const std::string& folder) {
  const TemporaryDirectory directory;
  const std::string trace = (directory / "trace").string();
  // The search for leaks that AddressSanitizer ends a program with cannot work under strace.
  std::string line = "cd " + shell_quoted(folder) +
                     " && ASAN_OPTIONS=detect_leaks=0 exec strace -f -qq -e trace=%network,open,openat,openat2 -o " +
                     shell_quoted(trace) + " " + shell_quoted(PDMP_PROGRAM);
  for (const std::string& argument : arguments) line += " " + shell_quoted(argument);
  Trace result;
  result.program = run_command(line);
  std::ifstream lines(trace);
  for (std::string call; std::getline(lines, call);) {
    // Three question marks: a call that strace could not read any more, of a process that was killed.
    if (call.find('(') == std::string::npos || call.find(std::string(3, '?') + "(") != std::string::npos) continue;
    const bool opens = call.find("open") != std::string::npos;
    if (!opens) result.network.push_back(call);
    if (opens && call.find("= -1") == std::string::npos) result.opened.push_back(call);
  }
  return result;
}

}  // namespace pdmp::testing
