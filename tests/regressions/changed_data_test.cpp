// A run went on with other data than it began with, without a word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/analysis_data.h"
#include "base/files/file.h"
#include "cli/program.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

struct ChangedData : ::testing::Test {
  TemporaryDirectory directory;
  std::string data = write_vector_data(directory);
  RunOptions options = tiny_run(data, (directory / "run").string(), "joint", 1);

  std::string table() const { return read_file(fs::path(data) / "metadata.csv"); }
  void change(const std::string& table) const { write_file_atomically(fs::path(data) / "metadata.csv", table); }

  // What `--resume`, with more epochs, says.
  void expect_refused(const std::vector<std::string>& words) {
    options.resume = true;
    options.train.epochs = 2;
    expect_error(ErrorKind::data, words, [&] { train(options); });
  }
};

TEST_F(ChangedData, ResumeAfterLabelsWereSwapped) {
  train(options);
  change(
      replaced(replaced(table(), "train3,train,red", "train3,train,green"), "train4,train,green", "train4,train,red"));
  expect_refused({"`resume`", "labels of train", "'train3'", "metadata.csv:5"});
}

TEST_F(ChangedData, ResumeAfterRowsWereRemoved) {
  train(options);
  const std::string before = table();
  const size_t start = before.find("train7,"), end = before.find('\n', start) + 1;
  change(before.substr(0, start) + before.substr(end));
  expect_refused({"`resume`", "train had 48 samples, has 47", "'train8'"});
}

TEST_F(ChangedData, ResumeAfterSplitsMoved) {
  train(options);
  change(replaced(replaced(table(), "train3,train", "train3,test"), "test3,test", "test3,train"));
  expect_refused({"`resume`", "train has other samples", "test has other samples"});
}

TEST_F(ChangedData, ResumeAfterRowsWereReordered) {
  train(options);
  const std::string before = table();
  const size_t start = before.find("train0,"), end = before.find('\n', start) + 1;
  change(before.substr(0, start) + before.substr(end) + before.substr(start, end - start));
  expect_refused({"`resume`", "another order"});
}

TEST_F(ChangedData, ResumeAfterACellChanged) {
  train(options);
  const std::string before = table();
  const size_t value = before.find("test5,test,blue,") + 16;
  change(before.substr(0, value) + "9" + before.substr(value));
  expect_refused({"`resume`", "cells of 'a'", "'test5'"});
}

TEST_F(ChangedData, ResumeOfAFinishedRun) {
  train(options);
  change(replaced(table(), "train3,train,red", "train3,train,green"));
  options.resume = true;
  expect_error(ErrorKind::data, {"labels of train"}, [&] { train(options); });
}

TEST_F(ChangedData, ResumeAfterADataSetMoved) {
  const TrainingRun before = train(options);
  fs::rename(data, directory / "elsewhere");
  data = options.data.data = (directory / "elsewhere").string();
  change(table());  // another time
  options.resume = true;
  EXPECT_EQ(train(options).test->accuracy(), before.test->accuracy());
}

TEST_F(ChangedData, CompareGoesOnWithOtherData) {
  const std::string out = (directory / "out").string();
  const auto compare = [&](const std::string& methods) {
    return run_program({"compare", "--data", data, "--out", out, "--methods", methods, "--seeds", "1", "--epochs", "1",
                        "--encoders", "a=mlp:hidden=8,b=mlp:hidden=8", "--quiet", "--jobs", "1"});
  };
  ASSERT_EQ(compare("joint").code, 0);
  change(replaced(table(), "train3,train,red", "train3,train,green"));
  const ProgramResult result = compare("joint,uniform_lr");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("labels of train"));
}

// Warned of, as with other encoders: a ranking may be worth having all the same.
TEST_F(ChangedData, AnAnalysisOfOtherDataIsKnown) {
  const TrainingData before = load_data(options.data, 0);
  const std::string clause = analysis::data_clause(before);
  EXPECT_EQ(analysis::data_clause(load_data(options.data, 1)), clause);
  change(replaced(table(), "train3,train,red", "train3,train,green"));
  EXPECT_NE(analysis::data_clause(load_data(options.data, 0)), clause);
}

TEST_F(ChangedData, ATeacherOfOtherData) {
  RunOptions teacher = options;
  teacher.data.modalities = {"a"};
  teacher.run = (directory / "teacher").string();
  std::erase_if(teacher.model.encoders, [](const auto& entry) { return entry.first != "a"; });
  train(teacher);
  change(replaced(table(), "train3,train,red", "train3,train,green"));
  const ProgramResult result =
      run_program({"train", "--data", data, "--run", (directory / "umt").string(), "--method", "umt", "--epochs", "1",
                   "--encoders", "a=mlp:hidden=8,b=mlp:hidden=8", "--alone", "a=" + teacher.run, "--quiet"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("was trained on other data"));
}

}  // namespace
}  // namespace pdmp::testing
