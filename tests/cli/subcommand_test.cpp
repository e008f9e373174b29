#include "cli/subcommand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "support/expect_error.h"

namespace pdmp::cli {
namespace {

int echo(const std::vector<std::string>& args, std::ostream& out) {
  out << args.size();
  return 7;
}

int run(const std::vector<std::string>& args, std::ostream& out) {
  const std::vector<Command> table = {{"echo", "says how many", echo}};
  return run_subcommand(table, {.name = "pdmp tool", .summary = "Tools.", .example = "pdmp tool echo"}, args, out);
}

TEST(Subcommand, RunsTheRowWithTheRest) {
  std::ostringstream out;
  EXPECT_EQ(run({"echo", "a", "--b"}, out), 7);
  EXPECT_EQ(out.str(), "2");
}

TEST(Subcommand, HelpListsTheRows) {
  std::ostringstream out;
  EXPECT_EQ(run({"--help"}, out), 0);
  EXPECT_THAT(out.str(), ::testing::HasSubstr("echo: says how many"));
}

TEST(Subcommand, RefusesOtherWords) {
  std::ostringstream out;
  testing::expect_error(ErrorKind::usage, {"pdmp tool", "'ecko'", "'echo'"}, [&] { run({"ecko"}, out); });
  testing::expect_error(ErrorKind::usage, {"'echo' before the flags"}, [&] { run({"--quiet", "echo"}, out); });
}

}  // namespace
}  // namespace pdmp::cli
