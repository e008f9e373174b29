#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::runs {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

class Run : public ::testing::Test {
 protected:
  RunOptions options(const std::string& name, const std::string& method = "joint", int64_t epochs = 3) const {
    return testing::tiny_run(data_, (directory_ / name).string(), method, epochs);
  }
  static RunOptions resumed(RunOptions options) {
    options.resume = true;
    options.overwrite = false;
    return options;
  }
  std::string content(const std::string& file) const { return read_file(directory_ / file); }
  bool exists(const std::string& file) const { return fs::exists(directory_ / file); }

  const testing::TemporaryDirectory directory_;
  const std::string data_ = testing::write_vector_data(directory_);
};

size_t lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

TEST_F(Run, JointLeavesEverythingBehind) {
  const TrainingRun summary = train(options("run"));
  EXPECT_EQ(summary.method, "joint");
  EXPECT_EQ(summary.epochs, 3);
  EXPECT_EQ(summary.selected_by, "best_val");
  ASSERT_TRUE(summary.test && summary.val);
  EXPECT_EQ(summary.test->n, 24);
  EXPECT_GT(summary.test->accuracy(), 0.4);
  EXPECT_GT(summary.seconds, 0);
  for (const char* file : {"config.toml", "environment.json", "model.json", "metrics.jsonl", "timing.jsonl",
                           "predictions.csv", "summary.json", "checkpoints/last/weights.safetensors"}) {
    EXPECT_TRUE(exists(std::string("run/") + file)) << file;
  }
  EXPECT_FALSE(exists("run/analysis.json"));
  EXPECT_EQ(lines(content("run/predictions.csv")), 1u + 24 + 24);
  EXPECT_NEAR(read_summary(directory_ / "run").test->accuracy(), summary.test->accuracy(), 0);
}

// Of attack detection, where the data set names the class that is no attack.
TEST_F(Run, MetricsOfAttacksChooseEpochsWhereALiveClassIsNamed) {
  RunOptions attacks = options("attacks");
  attacks.train.select_metric = "acer";
  testing::expect_error(ErrorKind::usage, {"`select-metric` acer", "undefined", "held-out samples"},
                        [&] { train(attacks); });
  nlohmann::json description = read_json(fs::path(data_) / "dataset.json");
  description["live_class"] = "red";
  write_json(fs::path(data_) / "dataset.json", description);
  attacks.overwrite = true;
  const TrainingRun summary = train(attacks);
  const double apcer = summary.val->score("apcer"), bpcer = summary.val->score("bpcer");
  EXPECT_DOUBLE_EQ(summary.val->score("acer"), (apcer + bpcer) / 2);
  const TrainingRun read = read_summary(directory_ / "attacks");
  EXPECT_EQ(read.test->scores, summary.test->scores);
  EXPECT_THAT(summary_text(read), HasSubstr("  ACER 0."));
  EXPECT_THAT(content("attacks/metrics.jsonl"), HasSubstr("\"val/acer\":"));
}

TEST_F(Run, AveragedWeightsAreReportedAndKeptBesideTheTrained) {
  RunOptions averaged = options("averaged");
  averaged.train.ema = 0.9;
  averaged.train.select = "last";
  const TrainingRun summary = train(averaged);
  RunOptions plain = options("plain");
  plain.train.select = "last";
  const TrainingRun trained = train(plain);
  EXPECT_EQ(summary.trained_test->loss(), trained.test->loss());
  EXPECT_EQ(summary.trained_val->loss(), trained.val->loss());
  EXPECT_NE(summary.test->loss(), trained.test->loss());
  EXPECT_EQ(content("averaged/checkpoints/last/weights.safetensors"),
            content("plain/checkpoints/last/weights.safetensors"));
  EXPECT_NE(content("averaged/checkpoints/last/ema.safetensors"),
            content("averaged/checkpoints/last/weights.safetensors"));
  EXPECT_EQ(read_summary(directory_ / "averaged").trained_test->loss(), trained.test->loss());
  EXPECT_THAT(summary_text(summary), HasSubstr("weights as trained, not averaged:\ntest"));
  EXPECT_FALSE(trained.trained_test.has_value());
}

TEST_F(Run, ClassWeightsThatDoNotFitAreRefusedBeforeAnythingIsWritten) {
  RunOptions wrong = options("run");
  wrong.train.optimizer.class_weights = "1,2";  // three classes
  testing::expect_error(ErrorKind::usage, {"`class-weights`", "3 classes"}, [&] { train(wrong); });
  EXPECT_FALSE(exists("run"));
  RunOptions right = options("run");
  right.train.optimizer.class_weights = "1,2,3";
  right.train.optimizer.loss = "focal:gamma=1";
  right.train.select_metric = "macro_f1";
  EXPECT_EQ(train(right).select_metric, "macro_f1");
  EXPECT_THAT(content("run/config.toml"), HasSubstr("class-weights = \"1,2,3\""));
  EXPECT_THAT(content("run/config.toml"), HasSubstr("loss = \"focal:gamma=1\""));
  EXPECT_EQ(read_summary(directory_ / "run").select_metric, "macro_f1");
  right.train.optimizer.loss = "focal:gamma=2";
  testing::expect_error(ErrorKind::usage, {"loss (the run: focal:gamma=1, now: focal:gamma=2)"},
                        [&] { train(resumed(right)); });
}

TEST_F(Run, AutoPrecisionIsChosenOnceAndNamed) {
  train(options("run"));
  EXPECT_THAT(content("run/config.toml"), HasSubstr("precision = \"fp32\""));  // a small model
  EXPECT_EQ(read_json(directory_ / "run/environment.json").at("precision"), "fp32");
  EXPECT_EQ(train(resumed(options("run", "joint", 4))).epochs, 4);
}

TEST_F(Run, PdmpAnalysesFirst) {
  const TrainingRun summary = train(options("run", "pdmp"));
  EXPECT_EQ(summary.method, "pdmp");
  const AnalysisResult analysis = read_analysis(directory_ / "run/analysis.json");
  EXPECT_EQ(analysis.epochs, 3);
  EXPECT_TRUE(exists("run/unimodal/a.safetensors"));
  EXPECT_TRUE(exists("run/unimodal/b.safetensors"));
  // A given analysis is used as it is, also for a run that would not have made one like it.
  RunOptions given = options("second", "pdmp");
  given.analysis_file = (directory_ / "run/analysis.json").string();
  train(given);
  EXPECT_EQ(content("second/analysis.json"), content("run/analysis.json"));
  EXPECT_EQ(content("second/metrics.jsonl"), content("run/metrics.jsonl"));
  EXPECT_FALSE(exists("second/unimodal"));
}

TEST_F(Run, PdmpRefusesASharedEncoderBeforeItAnalyses) {
  const std::string twice = testing::write_vector_data(directory_, {48, 24, 24}, "twice");
  directory_.write("twice/dataset.json",
                   R"({"name": "numbers", "task": "classification", "classes": ["red", "green", "blue"], "modalities": [
                       {"name": "a", "type": "vector", "columns": ["a0", "a1"]},
                       {"name": "b", "type": "vector", "columns": ["b0", "b1"]}]})");
  RunOptions shared = options("run", "pdmp");
  shared.data.data = twice;
  shared.model.encoders["b"] = "@a";
  testing::expect_error(ErrorKind::usage, {"'a' and 'b' share one encoder"}, [&] { train(shared); });
  EXPECT_FALSE(exists("run"));
  shared.method = "joint";
  EXPECT_EQ(train(shared).epochs, 3);
  EXPECT_THAT(plan(shared), HasSubstr("encoders of several modalities"));
}

TEST_F(Run, AnAnalysisOfOtherModalitiesIsRefused) {
  AnalysisResult other = rank_modalities({"a", "smell"}, {{.2, .3}, {.3, .4}}, {1, 1}, 10, {});
  write_analysis(other, directory_ / "other.json");
  RunOptions given = options("run", "pdmp");
  given.analysis_file = (directory_ / "other.json").string();
  try {
    train(given);
    FAIL() << "an analysis of other modalities was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(error.what(), HasSubstr("other.json"));
  }
}

TEST_F(Run, AnAnalysisMadeOtherwiseIsUsedWithAWarning) {
  train(options("run", "pdmp"));
  RunOptions given = options("second", "pdmp");
  given.analysis_file = (directory_ / "run/analysis.json").string();
  given.train.optimizer.lr = 0.02;
  ::testing::internal::CaptureStderr();
  train(given);
  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, HasSubstr("warning"));
  EXPECT_THAT(told, HasSubstr("is used all the same (it: lr 0.05; this run: lr 0.02)"));
}

TEST_F(Run, OneModalityNeedsNoAnalysis) {
  RunOptions single = options("run", "pdmp");
  single.data.modalities = {"a"};
  single.model.encoders.erase("b");
  const TrainingRun summary = train(single);
  EXPECT_EQ(summary.modalities, std::vector<std::string>{"a"});
  EXPECT_FALSE(exists("run/unimodal"));
}

TEST_F(Run, ValNoneSelectsTheLastEpoch) {
  RunOptions all = options("run");
  all.data.val = "none";
  const TrainingRun summary = train(all);
  EXPECT_FALSE(summary.val.has_value());
  EXPECT_EQ(summary.selected_by, "last");
  EXPECT_EQ(summary.selected_epoch, 2);
  EXPECT_EQ(lines(content("run/predictions.csv")), 1u + 24);
}

TEST_F(Run, AFinishedRunIsNotTrainedAgain) {
  train(options("run"));
  const std::string summary = content("run/summary.json"), timing = content("run/timing.jsonl");
  const TrainingRun again = train(resumed(options("run")));
  EXPECT_EQ(again.test->n, 24);
  EXPECT_EQ(content("run/summary.json"), summary);
  EXPECT_EQ(content("run/timing.jsonl"), timing);
  EXPECT_THROW(train(options("run")), Error);
}

TEST_F(Run, AnExtendedRunEqualsALongOne) {
  train(options("short", "pdmp", 2));
  RunOptions longer = resumed(options("short", "pdmp", 4));
  const TrainingRun extended = train(longer);
  EXPECT_EQ(extended.epochs, 4);
  RunOptions undisturbed = options("long", "pdmp", 4);
  undisturbed.analysis_file = (directory_ / "short/analysis.json").string();
  train(undisturbed);
  EXPECT_EQ(content("short/metrics.jsonl"), content("long/metrics.jsonl"));
  EXPECT_EQ(content("short/predictions.csv"), content("long/predictions.csv"));
}

TEST_F(Run, AKilledAnalysisGoesOn) {
  train(options("whole", "pdmp"));
  train(options("killed", "pdmp"));
  // As if it had been killed before the second modality was done.
  for (const char* file :
       {"summary.json", "analysis.json", "metrics.jsonl", "timing.jsonl", "unimodal/b.json", "predictions.csv"}) {
    fs::remove(directory_ / "killed" / file);
  }
  fs::remove_all(directory_ / "killed/checkpoints");
  train(resumed(options("killed", "pdmp")));
  EXPECT_EQ(content("killed/analysis.json"), content("whole/analysis.json"));
  EXPECT_EQ(content("killed/metrics.jsonl"), content("whole/metrics.jsonl"));
}

TEST_F(Run, AnotherConfigurationIsNotResumed) {
  train(options("run"));
  RunOptions other = resumed(options("run"));
  other.train.optimizer.lr = 0.2;
  try {
    train(other);
    FAIL() << "another learning rate was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("lr (the run: 0.05, now: 0.2)"));
  }
}

TEST_F(Run, OverwriteStartsAgainButBadOptionsDeleteNothing) {
  train(options("run"));
  const std::string before = content("run/summary.json");
  RunOptions bad = options("run");
  bad.overwrite = true;
  bad.model.encoders["a"] = "resnet18";  // takes no vector
  EXPECT_THROW(train(bad), Error);
  EXPECT_EQ(content("run/summary.json"), before);
  RunOptions good = options("run", "joint", 1);
  good.overwrite = true;
  EXPECT_EQ(train(good).epochs, 1);
}

TEST_F(Run, PlanWritesNothing) {
  EXPECT_THAT(plan(options("run", "pdmp")), HasSubstr("parameters  107 in all"));
  EXPECT_FALSE(exists("run"));
}

TEST_F(Run, KeepBoundsTheDisk) {
  RunOptions frugal = options("run");
  frugal.train.keep = "weights";
  train(frugal);
  EXPECT_TRUE(exists("run/checkpoints/last/weights.safetensors"));
  EXPECT_FALSE(exists("run/checkpoints/last/state.safetensors"));
  EXPECT_FALSE(exists("run/checkpoints/previous"));
}

}  // namespace
}  // namespace pdmp::runs
