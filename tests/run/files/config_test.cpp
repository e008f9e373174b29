#include "run/files/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::runs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RunOptions with(const std::string& name, const std::string& value,
                RunOptions options = testing::tiny_run("/d", "/r", "pdmp")) {
  OptionList list;
  options.describe(list);
  list.set(name, value, "--" + name);
  return options;
}

std::string difference(const RunOptions& now) {
  try {
    check_same_config(now, testing::tiny_run("/d", "/r", "pdmp"), "/r/config.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "";
}

TEST(ConfigToml, HoldsTheChosenMethodOnlyAndNoPathsOfTheRun) {
  const std::string pdmp = config_toml(testing::tiny_run("/d", "/r", "pdmp"));
  EXPECT_THAT(pdmp, HasSubstr("method = \"pdmp\""));
  EXPECT_THAT(pdmp, HasSubstr("[pdmp]\ngamma = 15"));
  EXPECT_THAT(pdmp, HasSubstr("[analysis]"));
  EXPECT_THAT(pdmp, HasSubstr("data = \"/d\""));
  EXPECT_THAT(pdmp, Not(HasSubstr("/r")));
  EXPECT_THAT(pdmp, Not(HasSubstr("resume")));
  EXPECT_THAT(config_toml(testing::tiny_run("/d", "/r", "joint")), Not(HasSubstr("[pdmp]")));
}

TEST(ConfigToml, ReadsBackToTheSame) {
  const testing::TemporaryDirectory directory;
  const RunOptions options = with("pdmp.gamma", "2.5");
  const auto file = directory.write("config.toml", config_toml(options));
  EXPECT_EQ(config_toml(read_config(file)), config_toml(options));
}

TEST(CheckOptions, KnowsTheRangesOfFieldsSetDirectly) {
  RunOptions options = testing::tiny_run("/d", "/r", "pdmp");
  EXPECT_NO_THROW(check_options(options));
  options.train.epochs = 0;
  EXPECT_THROW(check_options(options), Error);
  options = testing::tiny_run("/d", "/r", "pdpm");
  EXPECT_THROW(check_options(options), Error);
}

TEST(CheckSameConfig, AutoIsThePrecisionOfTheRun) {
  const RunOptions before = with("precision", "fp32");
  EXPECT_NO_THROW(check_same_config(with("precision", "auto"), before, "/r/config.toml"));
  EXPECT_THROW(check_same_config(with("precision", "bf16"), before, "/r/config.toml"), Error);
}

TEST(CheckSameConfig, ThreadsPathsAndMoreEpochsMayDiffer) {
  EXPECT_EQ(difference(testing::tiny_run("/d", "/elsewhere", "pdmp")), "");
  EXPECT_EQ(difference(with("workers", "3")), "");
  EXPECT_EQ(difference(with("threads", "2")), "");
  EXPECT_EQ(difference(with("cache", "/elsewhere")), "");
  EXPECT_EQ(difference(with("epochs", "5")), "");
}

// The configuration of a run in `directory` that was made with these values of an option.
struct StoredRun {
  testing::TemporaryDirectory directory;
  std::filesystem::path config = directory / "run/config.toml";

  void expect_same(const std::string& option, const std::string& before, const std::string& now) const {
    EXPECT_NO_THROW(check_same_config(with(option, now), with(option, before), config)) << now;
  }
  void expect_other(const std::string& option, const std::string& before, const std::string& now) const {
    testing::expect_error(ErrorKind::usage, {option, before, now},
                          [&] { check_same_config(with(option, now), with(option, before), config); });
  }
};

TEST(CheckSameConfig, PathsAreTheFilesTheyName) {
  const StoredRun run;
  const std::string folder = (run.directory / "sensors").string(), link = (run.directory / "link").string();
  run.directory.write("sensors/dataset.json", "{}");
  std::filesystem::create_directory_symlink(folder, link);
  run.expect_same("data", folder, link);
  run.expect_same("data", folder, folder + "/../sensors/");
  run.expect_other("data", folder, folder + "2");

  const auto weights = [](const std::string& path) { return "a=resnet18:width=4:weights=" + path; };
  run.directory.write("sensors/w.safetensors", "");
  run.expect_same("encoders", weights(folder + "/w.safetensors"), weights(link + "/w.safetensors"));
  run.expect_other("encoders", weights(folder + "/w.safetensors"), weights(folder + "/v.safetensors"));
  run.expect_other("encoders", "a=resnet18:width=4", "a=resnet18:width=8");
}

TEST(CheckSameConfig, ADataSetElsewhereIsJudgedByItsContentWhereTheRunKnowsIt) {
  const StoredRun run;
  const std::string before = (run.directory / "before").string(), now = (run.directory / "now").string();
  run.directory.write("now/dataset.json", "{}");
  run.expect_other("data", before, now);
  run.directory.write("run/data.json", "{}");
  run.expect_same("data", before, now);
  run.expect_other("data", before, now + "here");  // there is nothing to judge
}

TEST(CheckSameConfig, NamesEachKeyWithBothValues) {
  EXPECT_THAT(difference(with("epochs", "2")), HasSubstr("epochs (the run: 3, now: 2)"));
  EXPECT_THAT(difference(with("data", "/other")), HasSubstr("data (the run: /d, now: /other)"));
  EXPECT_THAT(difference(with("modalities", "a")), HasSubstr("modalities (the run: nothing, now: a)"));
  const RunOptions other = with("lr", "0.1", with("seed", "4"));
  EXPECT_THAT(difference(other), HasSubstr("seed (the run: 0, now: 4), lr (the run: 0.05, now: 0.1)"));
  EXPECT_THAT(difference(testing::tiny_run("/d", "/r", "joint")), HasSubstr("method (the run: pdmp, now: joint)"));
  const RunOptions gamma = with("pdmp.gamma", "5");
  EXPECT_THROW(check_same_config(gamma, testing::tiny_run("/d", "/r", "pdmp"), "/r/config.toml"), Error);
}

}  // namespace
}  // namespace pdmp::runs
