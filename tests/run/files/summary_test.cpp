#include "run/files/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"

namespace pdmp::runs {
namespace {

using ::testing::HasSubstr;

Evaluation scores(double accuracy) {
  Evaluation evaluation;
  evaluation.n = 40;
  evaluation.scores["accuracy"] = accuracy;
  evaluation.scores["macro_f1"] = accuracy - 0.05;
  evaluation.scores["loss"] = 0.7;
  evaluation.unimodal_accuracy = {0.3, 0.6};
  evaluation.unimodal_loss = {1.1, 0.9};
  evaluation.dependency = {1, 3};
  return evaluation;
}

TrainingRun example() {
  TrainingRun summary;
  summary.method = "pdmp";
  summary.seed = 2;
  summary.modalities = {"audio", "visual"};
  summary.epochs = 10;
  summary.selected_epoch = 6;
  summary.selected_by = "best_val";
  summary.test = scores(0.8);
  summary.val = scores(0.9);
  summary.seconds = 12.5;
  return summary;
}

TEST(Summary, HoldsTheFixedFields) {
  const testing::TemporaryDirectory directory;
  write_summary(example(), directory / "summary.json");
  const nlohmann::json value = read_json(directory / "summary.json");
  EXPECT_EQ(value.at("format_version"), 1);
  EXPECT_EQ(value.at("method"), "pdmp");
  EXPECT_EQ(value.at("seed"), 2);
  EXPECT_EQ(value.at("selected_epoch"), 6);
  EXPECT_EQ(value.at("test").at("accuracy"), 0.8);
  EXPECT_EQ(value.at("test").at("macro_f1"), 0.75);
  EXPECT_EQ(value.at("test").at("n"), 40);
  EXPECT_EQ(value.at("val").at("accuracy"), 0.9);
  EXPECT_EQ(value.at("unimodal").at("visual").at("accuracy"), 0.6);
  EXPECT_NEAR(value.at("dependency").at("visual").get<double>(), 0.75, 1e-6);
  EXPECT_EQ(value.at("seconds"), 12.5);
}

TEST(Summary, ReadsBack) {
  const testing::TemporaryDirectory directory;
  write_summary(example(), directory / "summary.json");
  const TrainingRun read = read_summary(directory.path());
  EXPECT_EQ(read.method, "pdmp");
  EXPECT_EQ(read.epochs, 10);
  EXPECT_EQ(read.selected_by, "best_val");
  EXPECT_EQ(read.test->accuracy(), 0.8);
  EXPECT_EQ(read.val->n, 40);
  EXPECT_EQ(read.test->unimodal_accuracy, (std::vector<double>{0.3, 0.6}));
  EXPECT_NEAR(read.test->shares()[1], 0.75, 1e-6);
  EXPECT_EQ(read.directory, directory.path().string());
}

TEST(Summary, WithoutTestOrWithoutAnything) {
  const testing::TemporaryDirectory directory;
  TrainingRun summary = example();
  summary.test.reset();
  write_summary(summary, directory / "summary.json");
  EXPECT_FALSE(read_json(directory / "summary.json").contains("test"));
  EXPECT_EQ(read_summary(directory.path()).val->unimodal_accuracy.size(), 2u);
  summary.val.reset();
  write_summary(summary, directory / "summary.json");
  const TrainingRun read = read_summary(directory.path());
  EXPECT_FALSE(read.val.has_value());
  EXPECT_THAT(summary_text(read), HasSubstr("no such split"));
}

TEST(Summary, NamesTheFileThatIsWrong) {
  const testing::TemporaryDirectory directory;
  directory.write("summary.json", R"({"format_version": 1, "method": "pdmp"})");
  try {
    read_summary(directory.path());
    FAIL() << "half a summary was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(error.what(), HasSubstr("summary.json"));
    EXPECT_THAT(error.what(), HasSubstr("seed"));
  }
}

TEST(SummaryText, ForPeople) {
  const std::string text = summary_text(example());
  EXPECT_THAT(text, HasSubstr("pdmp, seed 2: 10 epochs, weights of epoch 7 (best_val)"));
  EXPECT_THAT(text, HasSubstr("test  accuracy 0.8000  macro-F1 0.7500  (n 40)"));
  EXPECT_THAT(text, HasSubstr("visual  its branch alone 0.6000, dependency on it 75 %"));
}

}  // namespace
}  // namespace pdmp::runs
