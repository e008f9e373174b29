#include "cli/program.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/wait.h>

#include "support/temporary_directory.h"

namespace pdmp::testing {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

std::string shell_quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

ProgramResult run_command(const std::string& line) {
  const TemporaryDirectory directory;
  const auto out = directory / "out", error = directory / "error";
  const std::string redirected =
      "( " + line + " ) >" + shell_quoted(out.string()) + " 2>" + shell_quoted(error.string());
  const int status = std::system(("bash -c " + shell_quoted(redirected)).c_str());
  ProgramResult result;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = content(out);
  result.error = content(error);
  return result;
}

ProgramResult run_program(const std::vector<std::string>& arguments, const std::string& before) {
  std::string line = before.empty() ? "" : before + "; ";
  line += "exec " + shell_quoted(PDMP_PROGRAM);
  for (const std::string& argument : arguments) line += " " + shell_quoted(argument);
  return run_command(line);
}

}  // namespace pdmp::testing
