#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "base/console.h"
#include "base/files/file.h"
#include "base/log.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::testing {
namespace {

const cli::CommandHelp kHelp{"pdmp toy", "Does nothing.", "pdmp toy --data x"};

TEST(Arguments, QuietIsTakenByEveryCommand) {
  std::string data;
  OptionList list;
  list.add("data", &data, "Some data.");
  std::ostringstream out;
  EXPECT_TRUE(cli::parse_arguments(list, {"--data", "x", "--quiet"}, kHelp, out));
  EXPECT_FALSE(log_shows(LogLevel::info));
  set_log_level(LogLevel::info);
  EXPECT_EQ(data, "x");
  EXPECT_EQ(out.str(), "");
}

TEST(Arguments, LogLevelsAndFilesAreTakenByEveryCommand) {
  const TemporaryDirectory directory;
  std::string data;
  OptionList list;
  list.add("data", &data, "Some data.");
  std::ostringstream out;
  EXPECT_TRUE(
      cli::parse_arguments(list, {"--log-level", "error", "--log-file", (directory / "log").string()}, kHelp, out));
  EXPECT_FALSE(log_shows(LogLevel::warning));
  EXPECT_TRUE(log_shows(LogLevel::error));
  log_info("kept");
  OptionList plain;
  EXPECT_TRUE(cli::parse_arguments(plain, {}, kHelp, out));
  EXPECT_TRUE(log_shows(LogLevel::info));
  EXPECT_THAT(read_file(directory / "log"), ::testing::EndsWith(" info kept\n"));
}

TEST(Arguments, HelpHasTheExampleAndTheDefaults) {
  std::string data = "here";
  OptionList list;
  list.add("data", &data, "Some data.");
  std::ostringstream out;
  EXPECT_FALSE(cli::parse_arguments(list, {"--help"}, kHelp, out));
  for (const char* words : {"pdmp toy --data x", "default here", "--quiet", "Does nothing."}) {
    EXPECT_THAT(out.str(), ::testing::HasSubstr(words));
  }
}

TEST(Arguments, RequireNamesTheFirstEmptyOption) {
  std::string data = "x", run;
  OptionList list;
  list.add("data", &data, "Some data.");
  list.add("run", &run, "A run.");
  expect_error(ErrorKind::usage, {"pdmp toy", "--run", "pdmp toy --data x"}, [&] {
    cli::require(list, kHelp, {"data", "run"});
  });
  run = "y";
  EXPECT_NO_THROW(cli::require(list, kHelp, {"data", "run"}));
}

}  // namespace
}  // namespace pdmp::testing
