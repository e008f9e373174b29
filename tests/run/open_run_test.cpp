#include "run/open_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "run/files/config.h"
#include "run/tiny_run.h"

namespace pdmp::runs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

class OpenRun : public ::testing::Test {
 protected:
  RunOptions options() const { return testing::tiny_run("/data", (directory_ / "run").string()); }
  RunOptions resumed(int64_t epochs = 3) const {
    RunOptions result = options();
    result.resume = true;
    result.train.epochs = epochs;
    return result;
  }
  RunOptions overwriting() const {
    RunOptions result = options();
    result.overwrite = true;
    return result;
  }
  static std::string refusal(const RunOptions& options) {
    try {
      open_run(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "";
  }
  const testing::TemporaryDirectory directory_;
};

TEST_F(OpenRun, ANewRunHasItsConfigurationAndEnvironment) {
  EXPECT_EQ(inspect_run(options()), RunState::fresh);
  const auto run = open_run(options());
  EXPECT_EQ(read_file(run->file("config.toml")), config_toml(options()));
  EXPECT_EQ(read_json(run->file("environment.json")).at("threads"), 1);
}

TEST_F(OpenRun, AnExistingRunIsRefusedWithBothWaysOut) {
  open_run(options());
  EXPECT_THAT(refusal(options()), AllOf(HasSubstr("`resume`"), HasSubstr("`overwrite`")));
  EXPECT_TRUE(fs::exists(directory_ / "run/config.toml"));
  RunOptions both = resumed();
  both.overwrite = true;
  EXPECT_THAT(refusal(both), HasSubstr("contradict"));
}

TEST_F(OpenRun, ResumeOfNothingStarts) {
  EXPECT_EQ(inspect_run(resumed()), RunState::fresh);
  directory_.write("run/lock", "");
  directory_.write("run/.config.toml.1234-0.tmp", "half");  // killed in its first moment
  EXPECT_EQ(inspect_run(resumed()), RunState::fresh);
  EXPECT_EQ(inspect_run(options()), RunState::fresh);
}

TEST_F(OpenRun, ResumeKnowsUnfinishedFromFinished) {
  open_run(options());
  EXPECT_EQ(inspect_run(resumed()), RunState::unfinished);
  directory_.write("run/summary.json", "{}");
  EXPECT_EQ(inspect_run(resumed()), RunState::finished);
  EXPECT_EQ(inspect_run(resumed(5)), RunState::unfinished);
  EXPECT_THAT(refusal(resumed(2)), HasSubstr("epochs (the run: 3, now: 2)"));
}

TEST_F(OpenRun, ExtendingMakesARunUnfinishedAgain) {
  open_run(options());
  directory_.write("run/summary.json", "{}");
  directory_.write("run/metrics.jsonl", "{}\n");
  open_run(resumed(5));
  EXPECT_FALSE(fs::exists(directory_ / "run/summary.json"));
  EXPECT_TRUE(fs::exists(directory_ / "run/metrics.jsonl"));
  EXPECT_EQ(read_config(directory_ / "run/config.toml").train.epochs, 5);
}

TEST_F(OpenRun, ATrimmedRunIsNotExtended) {
  RunOptions trimmed = options();
  trimmed.train.keep = "weights";
  open_run(trimmed);
  directory_.write("run/summary.json", "{}");
  trimmed.resume = true;
  EXPECT_EQ(inspect_run(trimmed), RunState::finished);
  trimmed.train.epochs = 5;
  EXPECT_THAT(refusal(trimmed), HasSubstr("`keep` weights"));
}

TEST_F(OpenRun, ResumeKeepsTheEnvironmentOfTheBeginning) {
  open_run(options());
  write_json(directory_ / "run/environment.json", {{"threads", 7}});
  open_run(resumed());
  EXPECT_EQ(read_json(directory_ / "run/environment.json").at("threads"), 7);
}

TEST_F(OpenRun, OverwriteDeletesARunWhole) {
  open_run(options());
  directory_.write("run/checkpoints/last/weights.safetensors", "old");
  directory_.write("run/analysis.json", "{}");
  RunOptions other = overwriting();
  other.train.seed = 9;
  const auto run = open_run(other);
  EXPECT_FALSE(fs::exists(directory_ / "run/checkpoints"));
  EXPECT_FALSE(fs::exists(directory_ / "run/analysis.json"));
  EXPECT_EQ(read_config(run->file("config.toml")).train.seed, 9);
}

TEST_F(OpenRun, NothingButARunIsEverDeleted) {
  const auto precious = directory_.write("run/thesis.txt", "years");
  for (const RunOptions& each : {options(), resumed(), overwriting()}) {
    EXPECT_THAT(refusal(each), HasSubstr("thesis.txt"));
    EXPECT_EQ(read_file(precious), "years");
  }
  RunOptions file = overwriting();
  file.run = precious.string();
  EXPECT_THAT(refusal(file), HasSubstr("found a file"));
  EXPECT_EQ(read_file(precious), "years");
}

TEST_F(OpenRun, ARunAtWorkIsNotOverwritten) {
  const auto at_work = open_run(options());
  for (const RunOptions& each : {options(), resumed(), overwriting()}) {
    try {
      open_run(each);
      FAIL() << "a locked run was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::busy);
      EXPECT_THAT(error.what(), AllOf(HasSubstr("works there"), Not(HasSubstr("`overwrite`"))));
    }
  }
  EXPECT_TRUE(fs::exists(directory_ / "run/config.toml"));
}

TEST_F(OpenRun, NeedsAFolder) {
  RunOptions nowhere = options();
  nowhere.run.clear();
  EXPECT_THAT(refusal(nowhere), HasSubstr("`run`"));
}

}  // namespace
}  // namespace pdmp::runs
