#include "pdmp/analysis.h"

#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"
#include "support/tiny_task.h"

namespace pdmp::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

AnalysisResult analyze_tiny(const AnalysisOptions& options, const fs::path& directory = {}, int64_t epochs = 6,
                            TrainingData data = testing::tiny_task()) {
  return analyze(data, testing::tiny_model(), testing::tiny_training(epochs), options, directory);
}

std::string refusal(const AnalysisOptions& options) {
  try {
    analyze_tiny(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "";
}

TEST(Analyze, RanksTheModalitiesTrainedAlone) {
  const AnalysisResult result = analyze_tiny({});
  EXPECT_THAT(result.ranking.modalities, ElementsAre("a", "b"));
  EXPECT_EQ(result.ranking.performance_dominant, 0);
  EXPECT_EQ(result.criterion, "unimodal_early");
  EXPECT_EQ(result.end_mode, "mean_last");
  EXPECT_EQ(result.evaluated_on, "val");
  EXPECT_EQ(result.n_train, 48);
  EXPECT_EQ(result.n_eval, 24);
  EXPECT_EQ(result.epochs, 6);
  EXPECT_EQ(result.subset, 1);
  EXPECT_TRUE(result.other_criteria.empty());
  EXPECT_EQ(result.ranking.final[0], result.curves[0].score.back());  // ceil(0.6) = 1 point
  EXPECT_THAT(result.settings, HasSubstr("a=mlp:hidden=8"));
}

TEST(Analyze, RanksByTheMetricOfTheTraining) {
  TrainOptions train = testing::tiny_training(12);
  train.select_metric = "loss";
  train.ema = 0.999;  // curves are of the weights that are trained
  const testing::TemporaryDirectory directory;
  const AnalysisResult result = analyze(testing::tiny_task(), testing::tiny_model(), train, {}, directory.path());
  EXPECT_EQ(result.metric, "loss");
  EXPECT_EQ(result.ranking.performance_dominant, 0);
  EXPECT_LT(result.ranking.final[0], result.ranking.final[1]);
  EXPECT_LT(result.ranking.final[0], result.ranking.early[0]);
  EXPECT_EQ(result.curves[0].score.back(), result.curves[0].final_loss);
  EXPECT_EQ(result.stop.rule, "never");  // the bootstrap is one of accuracies
  EXPECT_THAT(result.settings, HasSubstr("; select-metric loss"));
  write_analysis(result, directory / "analysis.json");
  EXPECT_EQ(read_analysis(directory / "analysis.json").metric, "loss");
  EXPECT_THAT(analysis_table(result), HasSubstr("samples, loss on 24 of val"));
  const AnalysisResult again = analyze(testing::tiny_task(), testing::tiny_model(), train, {}, directory.path());
  EXPECT_EQ(again.curves[1].score, result.curves[1].score);
}

TEST(Analyze, EpochsOfItsOwn) {
  AnalysisOptions options;
  options.epochs = 3;
  EXPECT_EQ(analyze_tiny(options).epochs, 3);
}

TEST(Analyze, WithoutValidationScoresOnATenthOfTrain) {
  TrainingData data = testing::tiny_task();
  data.test = data.val;
  data.val = nullptr;
  const AnalysisResult result = analyze_tiny({}, {}, 2, data);
  EXPECT_EQ(result.evaluated_on, "10 % of train");
  EXPECT_EQ(result.n_eval, 6);  // round(1.6) of each class
  EXPECT_EQ(result.n_train, 42);
}

TEST(Analyze, LeavesWeightsAndGoesOnAfterAKill) {
  const testing::TemporaryDirectory directory;
  const AnalysisResult first = analyze_tiny({}, directory.path());
  EXPECT_TRUE(fs::exists(directory / "unimodal/a.safetensors"));
  EXPECT_TRUE(fs::exists(directory / "unimodal/b.safetensors"));
  EXPECT_FALSE(fs::exists(directory / "unimodal/a"));
  // As if it had been killed in the second modality: a is not trained again, b is.
  fs::remove(directory / "unimodal/b.json");
  nlohmann::json kept = read_json(directory / "unimodal/a.json");
  kept["accuracy"][0] = 0.015625;
  kept.erase("digest");  // edited on purpose
  write_json(directory / "unimodal/a.json", kept);
  const AnalysisResult second = analyze_tiny({}, directory.path());
  EXPECT_EQ(second.curves[0].score[0], 0.015625);
  EXPECT_EQ(second.curves[1].score, first.curves[1].score);
  // Other settings: nothing is reused.
  EXPECT_EQ(analyze_tiny({}, directory.path(), 4).curves[0].score.size(), 4u);
}

TEST(Analyze, StopsWhereItIsSettledAndSaysWhy) {
  // a tells the class all but always, b hardly ever.
  const AnalysisResult result = analyze_tiny({}, {}, 40);
  EXPECT_EQ(result.stop.rule, "auto");
  EXPECT_EQ(result.stop.of, 40);
  ASSERT_TRUE(result.stop.stopped_after.has_value());
  EXPECT_EQ(result.epochs, *result.stop.stopped_after);
  EXPECT_GE(result.epochs, 10);
  EXPECT_LT(result.epochs, 40);
  EXPECT_EQ(result.early_points, 2);
  EXPECT_GT(result.stop.leads.at("b").low, 0);
  AnalysisOptions never;
  never.stop = "never";
  const AnalysisResult whole = analyze_tiny(never, {}, 40);
  EXPECT_EQ(whole.epochs, 40);
  EXPECT_EQ(whole.stop.rule, "never");
  EXPECT_FALSE(whole.stop.stopped_after.has_value());
  EXPECT_EQ(whole.ranking.performance_dominant, result.ranking.performance_dominant);
  EXPECT_EQ(whole.ranking.early, result.ranking.early);
  for (const size_t m : {0u, 1u}) {
    const auto& stopped = result.curves[m].score;
    EXPECT_TRUE(std::equal(stopped.begin(), stopped.end(), whole.curves[m].score.begin()));
  }
}

TEST(Analyze, CriteriaOfAJointRun) {
  const testing::TemporaryDirectory directory;
  AnalysisOptions options;
  options.criterion = "dependency";
  const AnalysisResult result = analyze_tiny(options, directory.path());
  EXPECT_EQ(result.criterion, "dependency");
  EXPECT_EQ(result.other_criteria.size(), 2u);
  EXPECT_TRUE(result.other_criteria.contains("multimodal_branch"));
  EXPECT_TRUE(result.other_criteria.contains("unimodal_early"));
  EXPECT_GT(result.ranking.early[0] + result.ranking.early[1], 0);
  EXPECT_NE(result.ranking.early[0], result.curves[0].early);
  EXPECT_FALSE(fs::exists(directory / "probe"));
}

TEST(Analyze, ManualTrainsNothing) {
  const testing::TemporaryDirectory directory;
  AnalysisOptions options;
  options.criterion = "manual";
  options.performance_dominant = "b";
  options.optimization_dominant = "a";
  const AnalysisResult result = analyze_tiny(options, directory.path());
  EXPECT_EQ(result.ranking.performance_dominant, 1);
  EXPECT_EQ(result.ranking.optimization_dominant, 0);
  EXPECT_TRUE(std::isnan(result.ranking.final.at(1)));
  EXPECT_TRUE(result.curves.empty());
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(Analyze, RefusesContradictions) {
  AnalysisOptions options;
  options.subset = {0.4, 1};
  EXPECT_THAT(refusal(options), HasSubstr("one fraction"));
  options = {};
  options.performance_dominant = "a";
  EXPECT_THAT(refusal(options), HasSubstr("criterion manual"));
  options.criterion = "manual";
  EXPECT_THAT(refusal(options), HasSubstr("`optimization-dominant` is missing"));
  options.optimization_dominant = "c";
  EXPECT_THAT(refusal(options), HasSubstr("unknown modality 'c'"));
  options = {};
  options.criterion = "dependancy";
  EXPECT_THAT(refusal(options), HasSubstr("did you mean 'dependency'"));
}

}  // namespace
}  // namespace pdmp::analysis
