#include "cli/traced_program.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/wait.h>

#include "support/temporary_directory.h"

namespace pdmp::testing {
namespace {

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

bool can_trace() { return std::system("strace -qq -o /dev/null true >/dev/null 2>&1") == 0; }

Trace trace_program(const std::vector<std::string>& arguments, const std::string& folder) {
  const TemporaryDirectory directory;
  const auto trace = directory / "trace", out = directory / "out", error = directory / "error";
  std::string line = "cd " + quoted(folder) + " && exec strace -f -qq -e trace=%network,open,openat,openat2 -o " +
                     quoted(trace.string()) + " " + quoted(PDMP_PROGRAM);
  for (const std::string& argument : arguments) line += " " + quoted(argument);
  const int status =
      std::system(("( " + line + " ) >" + quoted(out.string()) + " 2>" + quoted(error.string())).c_str());
  Trace result;
  result.program = {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content(out), content(error)};
  std::istringstream lines(content(trace));
  for (std::string call; std::getline(lines, call);) {
    if (call.find('(') == std::string::npos) continue;
    const bool opens = call.find("open") != std::string::npos;
    if (!opens) result.network.push_back(call);
    if (opens && call.find("= -1") == std::string::npos) result.opened.push_back(call);
  }
  return result;
}

}  // namespace pdmp::testing
