#include "cli/run_arguments.h"

#include <gtest/gtest.h>

#include "cli/trained_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

cli::RunArguments parsed(const std::vector<std::pair<std::string, std::string>>& values) {
  cli::RunArguments arguments;
  OptionList list;
  arguments.describe(list);
  for (const auto& [name, value] : values) list.set(name, value, "--" + name);
  return arguments;
}

TEST(RunArguments, FlagsReplaceWhatTheRunWasTrainedWith) {
  const cli::RunArguments plain = parsed({{"run", trained_run().run}});
  EXPECT_EQ(plain.load().options().train.batch_size, 12);
  EXPECT_EQ(parsed({{"run", trained_run().run}, {"batch-size", "5"}}).load().options().train.batch_size, 5);
}

TEST(RunArguments, OpensTheSplitAskedFor) {
  EXPECT_EQ(parsed({{"run", trained_run().run}}).open(load(trained_run().run))->size(), 18);
  EXPECT_EQ(parsed({{"run", trained_run().run}, {"split", "train"}}).open(load(trained_run().run))->size(), 36);
  expect_error(ErrorKind::usage, {"split", "'tests'", "test"}, [] { parsed({{"split", "tests"}}); });
}

}  // namespace
}  // namespace pdmp::testing
