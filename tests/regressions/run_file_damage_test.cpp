// Damage to the other files of a run directory and of a comparison: each file that is read back names itself.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "compare/comparison.h"
#include "compare/shared_analysis.h"
#include "run/predict/load_run.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"
#include "train/files/run_directory.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

void flip_bit(const fs::path& file, size_t byte, int bit = 0) {
  std::string content = read_file(file);
  content.at(byte) = static_cast<char>(content.at(byte) ^ (1 << bit));
  write_file_atomically(file, content);
}

struct RunFileDamage : ::testing::Test {
  TemporaryDirectory directory;
  RunOptions options = tiny_run(write_vector_data(directory), (directory / "run").string(), "pdmp", 2);
  fs::path folder = directory / "run";

  void train_and_extend() {
    train(options);
    options.resume = true;
    options.train.epochs = 3;
  }
};

// Was: a crash, "type_error.305", or the default in place of what the file said.
TEST_F(RunFileDamage, EveryFileReadBackIsNamedWhateverItHolds) {
  train_and_extend();
  const std::map<std::string, bool> files = {// name, read by resume (else by who loads the finished run)
                                             {"environment.json", true}, {"config.toml", true},
                                             {"analysis.json", true},    {"checkpoints/best/best.json", false},
                                             {"summary.json", false},    {"model.json", false}};
  const std::string summary = read_file(folder / "summary.json");
  for (const auto& [name, resume] : files) {
    if (!resume) write_file_atomically(folder / "summary.json", summary);
    const std::string whole = read_file(folder / name);
    const std::string cut = whole.substr(0, whole.size() / 2);
    for (const std::string& content : {std::string("[]"), std::string("null"), std::string("{\"a\": [1}"), cut,
                                       std::string(), std::string("{}"), std::string("\x00\xff", 2)}) {
      if (name == "environment.json" && content == "{}") continue;  // says nothing, as one without threads does
      if (name == "config.toml" && content.empty()) continue;       // all defaults: differs from what is asked for
      write_file_atomically(folder / name, content);
      try {
        if (resume) {
          fs::remove(folder / "summary.json");  // a run that goes on
          train(options);
        } else {
          if (name != "summary.json") write_file_atomically(folder / "summary.json", summary);  // a resume removes it
          runs::load_run(options.run);
        }
        ADD_FAILURE() << name << " holding '" << content << "' went unnoticed";
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr(fs::path(name).filename().string())) << content;
        EXPECT_THAT(error.what(), Not(HasSubstr("json.exception"))) << content;
      }
    }
    write_file_atomically(folder / name, whole);
  }
  EXPECT_NO_THROW(runs::load_run(options.run));
}

TEST_F(RunFileDamage, OneFlippedBitOfASettingIsFound) {
  train_and_extend();
  const auto flipped = [&](const std::string& name, const std::string& text, const auto& use) {
    const std::string whole = read_file(folder / name);
    const size_t at = whole.find(text);
    ASSERT_NE(at, std::string::npos) << name;
    flip_bit(folder / name, at + text.size() - 1);
    expect_error(ErrorKind::data, {fs::path(name).filename().string(), "damaged"}, use);
    write_file_atomically(folder / name, whole);
  };
  const auto resume = [&] { train(options); };
  const auto load = [&] { runs::load_run(options.run); };
  flipped("config.toml", "seed = 0", load);
  flipped("model.json", "\"shape\": [\n        3", load);
  flipped("summary.json", "\"selected_epoch\": 1", load);
  flipped("environment.json", "\"threads\": 1", resume);
  flipped("config.toml", "workers = 0", resume);  // an option that may differ: no other check sees it
  flipped("analysis.json", "\"n_train\": 4", resume);
}

// As --config of another run it is used, with a warning: a copy is edited on purpose.
TEST_F(RunFileDamage, AnEditedConfigIsUsedElsewhereWithAWord) {
  train(options);
  const std::string whole = read_file(folder / "config.toml");
  std::string edited = whole;
  edited.replace(edited.find("epochs = 2"), 10, "epochs = 1");
  const fs::path copy = directory.write("edited.toml", edited);
  RunOptions read;
  OptionList list;
  read.describe(list);
  ::testing::internal::CaptureStderr();
  list.load_toml(copy.string());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("edited.toml"));
  EXPECT_EQ(read.train.epochs, 1);
  const fs::path meant = directory.write("meant.toml", edited.substr(0, edited.rfind('#')));
  ::testing::internal::CaptureStderr();
  list.load_toml(meant.string());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(RunFileDamage, ARunWithoutItsFirstFilesIsNotResumed) {
  train_and_extend();
  for (const char* name : {"config.toml", "environment.json"}) {
    const std::string whole = read_file(folder / name);
    fs::remove(folder / name);
    expect_error(ErrorKind::data, {name, "`overwrite`"}, [&] { train(options); });
    write_file_atomically(folder / name, whole);
  }
}

// metrics.jsonl was never synced while checkpoints counted on its length.
TEST_F(RunFileDamage, AShorterOrChangedLogFallsBackToThePreviousCheckpoint) {
  for (const char* name : {"metrics.jsonl", "timing.jsonl"}) {
    fs::remove_all(folder);
    options.resume = false;
    options.train.epochs = 2;
    train_and_extend();
    const fs::path log = folder / name;
    RunOptions other = options;
    other.resume = false;
    other.run = (directory / "undisturbed").string();
    fs::remove_all(other.run);
    const TrainingRun expected = train(other);
    fs::resize_file(log, fs::file_size(log) - 3);  // its last line is of the last epoch: previous does without
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(train(options).test->loss(), expected.test->loss());
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr(name));
    EXPECT_EQ(read_file(folder / "metrics.jsonl"), read_file(directory / "undisturbed/metrics.jsonl"));
  }
}

TEST_F(RunFileDamage, ALogThatFitsNoCheckpointIsAnError) {
  train_and_extend();
  flip_bit(folder / "metrics.jsonl", 12);
  expect_error(ErrorKind::data, {"metrics.jsonl", "`overwrite`"}, [&] { train(options); });
  fs::resize_file(folder / "metrics.jsonl", 3);
  expect_error(ErrorKind::data, {"metrics.jsonl", "cut"}, [&] { train(options); });
}

TEST_F(RunFileDamage, AComparisonReadsOnlyWhatItsRunsWrote) {
  options.method = "joint";
  const TrainingRun summary = train(options);
  const auto compared = [&] {
    Comparison comparison;
    comparison.seeds = {summary.seed};
    comparison.resamples = 100;
    ComparisonRow row;
    row.name = row.method = "joint";
    row.fusion = "concat";
    row.modalities = summary.modalities;
    row.runs = {options.run};
    comparison.rows = {row};
    comparing::complete(comparison, {});
  };
  compared();
  for (const char* name : {"predictions.csv", "timing.jsonl"}) {
    const std::string whole = read_file(folder / name);
    flip_bit(folder / name, whole.size() - 5);
    expect_error(ErrorKind::data, {name}, compared);
    write_file_atomically(folder / name, whole);
  }
}

// The trainings an analysis keeps.
TEST_F(RunFileDamage, KeptTrainingsOfTheAnalysisAreChecked) {
  options.analysis.criterion = "multimodal_branch";
  train_and_extend();
  fs::remove(folder / "analysis.json");
  for (const char* name : {"unimodal/a.json", "probe.json"}) {
    const std::string whole = read_file(folder / name);
    for (const char* content : {"[]", "null", "{}", "{\"made_with\": 3}"}) {
      write_file_atomically(folder / name, content);
      expect_error(ErrorKind::data, {fs::path(name).filename().string()}, [&] { train(options); });
    }
    write_file_atomically(folder / name, whole);
    flip_bit(folder / name, whole.find("0.") + 2);
    expect_error(ErrorKind::data, {fs::path(name).filename().string(), "damaged", "delete it"},
                 [&] { train(options); });
    write_file_atomically(folder / name, whole);
  }
  EXPECT_NO_THROW(train(options));
}

TEST_F(RunFileDamage, WhatKilledProcessesLeftIsSwept) {
  train_and_extend();
  std::vector<fs::path> left = {
      folder / ".metrics.jsonl.2147483646-0.tmp", folder / "checkpoints/last/.weights.1-3.tmp",
      folder / fmt::format(".summary.json.{}-0.tmp", getppid()), folder / "unimodal/.a.json.2147483646-0.tmp"};
  for (const fs::path& file : left) write_file_atomically(file, "half");
  for (const char* name : {"new", "best.new", "previous.discarded"}) {
    fs::create_directories(folder / "checkpoints" / name);
    left.push_back(folder / "checkpoints" / name);
  }
  train(options);
  for (const fs::path& path : left) EXPECT_FALSE(fs::exists(path)) << path;
}

}  // namespace
}  // namespace pdmp::testing
