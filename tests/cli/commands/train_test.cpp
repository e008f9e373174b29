#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files/file.h"
#include "base/files/folder_lock.h"
#include "cli/program.h"
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
      call(cli::train_command,
           fast({"--data", trained.data, "--run", trained.run, "--resume", "--encoders", "picture=resnet18:width=4"}));
  EXPECT_THAT(again, HasSubstr("test"));
  EXPECT_THAT(again, HasSubstr("accuracy"));
}

std::string metrics_of(const std::string& run) { return read_file(run + "/metrics.jsonl"); }

TEST(TrainCommand, ConfigOfARunMakesTheSameRun) {
  const TrainedRun& trained = trained_run();
  const TemporaryDirectory directory;
  const std::string config = trained.run + "/config.toml", run = (directory / "again").string();
  call(cli::train_command, {"--config", config, "--run", run});
  EXPECT_EQ(metrics_of(run), metrics_of(trained.run));
  EXPECT_FALSE(metrics_of(run).empty());
}

TEST(TrainCommand, ResumeAloneGoesOnWithTheOptionsOfTheRun) {
  const TrainedRun& trained = trained_run();
  const TemporaryDirectory directory;
  const std::string run = (directory / "run").string();
  call(cli::train_command, {"--config", trained.run + "/config.toml", "--run", run, "--keep", "all"});
  const int64_t epochs = read_json(run + "/summary.json").at("epochs");
  EXPECT_THAT(call(cli::train_command, {"--resume", "--run", run}), HasSubstr("accuracy"));
  call(cli::train_command, {"--resume", "--run", run, "--epochs", std::to_string(epochs + 1)});
  EXPECT_EQ(read_json(run + "/summary.json").at("epochs"), epochs + 1);
  expect_error(ErrorKind::usage, {"`data` is missing"}, [&] {
    call(cli::train_command, {"--resume", "--run", (directory / "none").string()});
  });
}

// Pictures are cropped and flipped at random, so the order in which workers draw would show.
TEST(TrainCommand, MetricsAreTheSameWhateverTheNumberOfWorkers) {
  const TemporaryDirectory directory;
  const std::string data = (directory / "data").string();
  write_toy_data(data, 8, {"caption", "wave", "picture"});
  std::vector<std::string> metrics;
  for (const char* workers : {"0", "1", "4"}) {
    const std::string run = (directory / workers).string();
    call(cli::train_command, {"--data", data, "--run", run, "--encoders", "picture=resnet18:width=4", "--workers",
                              workers, "--epochs", "3", "--batch-size", "5", "--threads", "1", "--log-every", "1"});
    metrics.push_back(metrics_of(run));
  }
  EXPECT_FALSE(metrics[0].empty());
  EXPECT_EQ(metrics[1], metrics[0]);
  EXPECT_EQ(metrics[2], metrics[0]);
}

TEST(TrainCommand, DryRunPrintsThePlanAndWritesNothing) {
  const TrainedRun& trained = trained_run();
  const TemporaryDirectory directory;
  const std::string run = (directory / "planned").string();
  const std::string text =
      call(cli::train_command, fast({"--data", trained.data, "--run", run, "--modalities", "numbers", "--dry-run"}));
  EXPECT_THAT(text, HasSubstr("steps"));
  EXPECT_FALSE(std::filesystem::exists(run));
}

// The program as it is called in a folder of the test's.
struct TrainFromFolders : ::testing::Test {
  TemporaryDirectory directory;

  void SetUp() override {
    write_toy_data((directory / "data").string(), 8, {"numbers", "caption"});
    std::filesystem::create_directories(directory / "elsewhere");
  }
  ProgramResult train(const std::string& folder, std::vector<std::string> more) const {
    more.insert(more.begin(), "train");
    return run_program(fast(std::move(more)), "cd " + shell_quoted((directory / folder).string()));
  }
};

TEST_F(TrainFromFolders, RelativePathsGoOnFromAnyFolder) {
  ASSERT_EQ(train(".", {"--data", "data", "--run", "run"}).code, 0);
  const ProgramResult again = train("elsewhere", {"--data", "../data/", "--run", "../run", "--resume"});
  EXPECT_EQ(again.code, 0) << again.error;
  EXPECT_THAT(again.error, HasSubstr("is finished"));
  std::filesystem::rename(directory / "data", directory / "moved");
  const ProgramResult moved = train(".", {"--data", "moved", "--run", "run", "--resume"});
  EXPECT_EQ(moved.code, 0) << moved.error;
  write_toy_data((directory / "other").string(), 6, {"numbers", "caption"});
  const ProgramResult other = train(".", {"--data", "other", "--run", "run", "--resume"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.error, HasSubstr("train had 24 samples, has 18"));
}

TEST_F(TrainFromFolders, ARunAtWorkIsLeftAlone) {
  ASSERT_EQ(train(".", {"--data", "data", "--run", "run"}).code, 0);
  const FolderLock at_work(directory / "run", "");
  for (const char* flag : {"--quiet", "--resume", "--overwrite"}) {
    const ProgramResult second = train(".", {"--data", "data", "--run", "run", flag});
    EXPECT_EQ(second.code, 75) << flag;
    EXPECT_THAT(second.error, HasSubstr(fmt::format("run: another process ({} on ", getpid())));
    EXPECT_THAT(second.error, ::testing::Not(HasSubstr("--overwrite")));
  }
}

// A class more: the program says what it keeps of the run it starts from.
TEST(TrainCommand, InitFromSaysWhichClassesAreKept) {
  const TrainedRun& trained = trained_run();
  const TemporaryDirectory directory;
  ToyData data = write_toy_data(directory / "data", 6, {"numbers", "caption", "picture"});
  data.classes = {"gray", "blue", "red"};
  for (ToyRow& row : data.rows) row.label = row.label == "green" ? "gray" : row.label;
  data.write(directory / "data");
  const std::vector<std::string> args =
      fast({"train", "--data", (directory / "data").string(), "--run", (directory / "run").string(), "--encoders",
            "picture=resnet18:width=4", "--init-from", trained.run});
  const ProgramResult result = run_program(args);
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("--init-from " + trained.run +
                                      ": took encoder of 'numbers', encoder of 'caption', encoder of 'picture', fusion "
                                      "concat\n"));
  EXPECT_THAT(result.error, HasSubstr(": kept 2 classes, added 'gray', dropped 'green'\n"));
}

TEST(TrainCommand, RefusesAnExistingRun) {
  const TrainedRun& trained = trained_run();
  expect_error(ErrorKind::usage, {trained.run, "`resume`", "`overwrite`"}, [&] {
    call(cli::train_command, {"--data", trained.data, "--run", trained.run});
  });
}

}  // namespace
}  // namespace pdmp::testing
