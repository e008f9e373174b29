// The program itself: its table of commands, and errors as one line and an exit status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

TEST(Program, HelpListsEveryCommandAndEachHasItsOwn) {
  const ProgramResult help = run_program({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const std::string command : {"prepare", "analyze", "train", "evaluate", "predict", "demo", "list", "info"}) {
    EXPECT_THAT(help.out, HasSubstr("\n  " + command + " "));
    const ProgramResult own = run_program({command, "--help"});
    EXPECT_EQ(own.code, 0) << own.error;
    EXPECT_THAT(own.out, HasSubstr("Example:\n  pdmp " + command));
    EXPECT_THAT(own.out, HasSubstr("--quiet"));
  }
}

TEST(Program, VersionIsOneLine) {
  const ProgramResult result = run_program({"--version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, ::testing::ContainsRegex("^pdmp [0-9]+\\.[0-9]+\\.[0-9]+\n$"));
}

TEST(Program, UnknownCommandsAndFlagsGetTheNearestSpelling) {
  const ProgramResult command = run_program({"trian"});
  EXPECT_EQ(command.code, 2);
  EXPECT_EQ(command.error, "pdmp: unknown command 'trian'; did you mean 'train'?\n");
  const ProgramResult flag = run_program({"train", "--epoch", "3"});
  EXPECT_EQ(flag.code, 2);
  EXPECT_THAT(flag.error, HasSubstr("'--epoch'; did you mean '--epochs'?"));
  EXPECT_EQ(run_program({}).code, 2);
}

TEST(Program, AResultThatCannotBeWrittenIsAnError) {
  const ProgramResult result = run_program({"list", "methods"}, "exec >/dev/full");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("standard output"));
}

}  // namespace
}  // namespace pdmp::testing
