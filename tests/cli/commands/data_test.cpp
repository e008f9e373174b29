#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program.h"
#include "cli/trained_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

TEST(DataCommand, HelpNamesWhatThereIsAndEachHasItsOwn) {
  const std::string help = call(cli::data_command, {"--help"});
  for (const std::string name : {"info", "check", "show"}) {
    EXPECT_THAT(help, HasSubstr(name + ": "));
    EXPECT_THAT(call(cli::data_command, {name, "--help"}), HasSubstr("Example:\n  pdmp data " + name + " mydata"));
  }
}

TEST(DataCommand, SaysWhatIsWrong) {
  expect_error(ErrorKind::usage, {"'chek'", "'check'"}, [] { call(cli::data_command, {"chek", "mydata"}); });
  expect_error(ErrorKind::usage, {"WHAT"}, [] { call(cli::data_command, {}); });
  for (const std::string name : {"info", "check", "show"}) {
    expect_error(ErrorKind::usage, {"DIR"}, [&] { call(cli::data_command, {name}); });
  }
  expect_error(ErrorKind::usage, {"'--jsn'", "'--json'"}, [] { call(cli::data_command, {"info", "x", "--jsn"}); });
  expect_error(ErrorKind::io, {"absent", "dataset.json"}, [] { call(cli::data_command, {"info", "absent"}); });
}

TEST(DataCommand, IsACommandOfTheProgram) {
  const TemporaryDirectory directory;
  write_toy_data(directory.path(), 4, {"numbers", "picture"});
  EXPECT_EQ(run_program({"data", "check", directory.path().string(), "--quiet"}).code, 0);
  std::filesystem::remove(directory / "picture/val0.png");
  const ProgramResult result = run_program({"data", "check", directory.path().string()});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("picture/val0.png"));
  EXPECT_THAT(result.error, HasSubstr("check 48/48 cell"));
}

}  // namespace
}  // namespace pdmp::testing
