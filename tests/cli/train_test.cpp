#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/trained_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

TEST(TrainCommand, LeavesARunAndPrintsItsScores) {
  const TrainedRun& trained = trained_run();
  for (const char* name : {"summary.json", "config.toml", "model.json", "metrics.jsonl", "predictions.csv"}) {
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(trained.run) / name)) << name;
  }
  const std::string again =
      call(train_command,
           fast({"--data", trained.data, "--run", trained.run, "--resume", "--encoders", "picture=resnet18:width=4"}));
  EXPECT_THAT(again, HasSubstr("test"));
  EXPECT_THAT(again, HasSubstr("accuracy"));
}

TEST(TrainCommand, ConfigOfARunMakesTheSameRun) {
  const TrainedRun& trained = trained_run();
  const TemporaryDirectory directory;
  const std::string config = trained.run + "/config.toml", run = (directory / "again").string();
  call(train_command, {"--config", config, "--run", run});
  const auto weights = [](const std::string& folder) {
    std::ifstream file(folder + "/metrics.jsonl");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(weights(run), weights(trained.run));
  EXPECT_FALSE(weights(run).empty());
}

TEST(TrainCommand, DryRunPrintsThePlanAndWritesNothing) {
  const TrainedRun& trained = trained_run();
  const TemporaryDirectory directory;
  const std::string run = (directory / "planned").string();
  const std::string text =
      call(train_command, fast({"--data", trained.data, "--run", run, "--modalities", "numbers", "--dry-run"}));
  EXPECT_THAT(text, HasSubstr("steps"));
  EXPECT_FALSE(std::filesystem::exists(run));
}

TEST(TrainCommand, RefusesAnExistingRun) {
  const TrainedRun& trained = trained_run();
  expect_error(ErrorKind::usage, {trained.run, "--resume", "--overwrite"}, [&] {
    call(train_command, {"--data", trained.data, "--run", trained.run});
  });
}

}  // namespace
}  // namespace pdmp::testing
