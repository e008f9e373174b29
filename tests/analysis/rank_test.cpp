#include "analysis/rank.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"

namespace pdmp::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const std::vector<std::string> kNames = {"a", "v"};
const std::vector<double> kPerfA = {.30, .40, .45, .50, .55}, kPerfV = {.20, .30, .45, .60, .62};

AnalysisOptions with_end(const std::string& mode) {
  AnalysisOptions options;
  options.end_mode = mode;
  return options;
}

TEST(RankModalities, CheckedExampleOfTheSpec) {
  const AnalysisResult result = rank_modalities(kNames, {kPerfA, kPerfV}, {1.2, 1.0}, 4096, with_end("last"));
  EXPECT_EQ(result.early_points, 2);
  EXPECT_EQ(result.ranking.performance_dominant, 1);
  EXPECT_EQ(result.ranking.optimization_dominant, 0);
  EXPECT_THAT(result.ranking.final, ElementsAre(.55, .62));
  EXPECT_NEAR(result.ranking.early[0], .35, 1e-12);
  EXPECT_NEAR(result.ranking.early[1], .25, 1e-12);
  EXPECT_NEAR(result.performance_margin, .07, 1e-12);
  EXPECT_NEAR(result.optimization_margin, .10, 1e-12);
  EXPECT_EQ(result.ranking.ambiguous, "");
  ASSERT_TRUE(result.crossing_epoch.has_value());
  EXPECT_EQ(*result.crossing_epoch, 3);
}

// The beginning is a part of the whole training, however early the curves end: 5 % of 100 epochs.
TEST(RankModalities, TheBeginningIsThatOfTheEpochsPlanned) {
  AnalysisOptions options = with_end("last");
  const std::vector<double> a = {.1, .1, .9, .9, .9, .3}, v = {.2, .2, .2, .2, .2, .4};
  EXPECT_EQ(rank_modalities(kNames, {a, v}, {1, 1}, 4096, options).ranking.optimization_dominant, 1);
  options.epochs = 100;
  const AnalysisResult result = rank_modalities(kNames, {a, v}, {1, 1}, 4096, options);
  EXPECT_EQ(result.early_points, 5);
  EXPECT_EQ(result.epochs, 6);
  EXPECT_NEAR(result.ranking.early[0], .58, 1e-12);  // 2.9 / 5
  EXPECT_EQ(result.ranking.optimization_dominant, 0);
}

// A loss falls: v is lower at the end, a at the beginning. No standard error is known, so only equals are ambiguous.
TEST(RankModalities, ByALossTheLowerLeads) {
  const std::vector<double> a = {1.0, .9, .8, .75, .7}, v = {1.1, 1.0, .7, .65, .6};
  for (const char* end : {"last", "best"}) {
    const AnalysisResult result = rank_modalities(kNames, {a, v}, {.7, .6}, 50, with_end(end), "loss");
    EXPECT_EQ(result.metric, "loss");
    EXPECT_EQ(result.ranking.performance_dominant, 1);
    EXPECT_EQ(result.ranking.optimization_dominant, 0);
    EXPECT_THAT(result.ranking.final, ElementsAre(.7, .6));
    EXPECT_NEAR(result.ranking.early[0], .95, 1e-12);
    EXPECT_NEAR(result.performance_margin, .1, 1e-12);
    EXPECT_EQ(result.curves[0].final_se, 0);
    EXPECT_EQ(result.ranking.ambiguous, "");
    EXPECT_EQ(*result.crossing_epoch, 2);
  }
  EXPECT_EQ(rank_modalities(kNames, {a, a}, {1, 1}, 50, with_end("last"), "loss").ranking.ambiguous,
            "performance, optimization");
  EXPECT_THROW(rank_modalities(kNames, {a, v}, {1, 1}, 50, with_end("last"), "los"), Error);
}

TEST(RankModalities, SwappedFinalsMakeOneModalityBoth) {
  std::vector<double> a = kPerfA, v = kPerfV;
  std::swap(a.back(), v.back());
  const AnalysisResult result = rank_modalities(kNames, {a, v}, {1, 1}, 4096, with_end("last"));
  EXPECT_EQ(result.ranking.performance_dominant, 0);
  EXPECT_EQ(result.ranking.optimization_dominant, 0);
}

TEST(RankModalities, EndModes) {
  std::vector<double> curve(20);
  for (size_t i = 0; i < curve.size(); ++i) curve[i] = 0.01 * static_cast<double>(i);
  curve[5] = .9;
  const std::vector<double> low(20, 0.0);
  const auto final_of = [&](const char* mode) {
    return rank_modalities(kNames, {curve, low}, {1, 1}, 100, with_end(mode)).ranking.final[0];
  };
  EXPECT_NEAR(final_of("mean_last"), .185, 1e-12);  // the last ceil(2.0) = 2 of 20
  EXPECT_NEAR(final_of("last"), .19, 1e-12);
  EXPECT_NEAR(final_of("best"), .9, 1e-12);
  curve.push_back(.20);
  const AnalysisResult longer =
      rank_modalities({"a"}, {curve}, {1}, 100, with_end("mean_last"));  // ceil(2.1) = 3 of 21
  EXPECT_NEAR(longer.ranking.final[0], (.18 + .19 + .20) / 3, 1e-12);
}

TEST(RankModalities, EarlyWindow) {
  EXPECT_EQ(early_points(1), 1);
  EXPECT_EQ(early_points(2), 2);
  EXPECT_EQ(early_points(40), 2);
  EXPECT_EQ(early_points(60), 3);
  EXPECT_EQ(early_points(100), 5);
}

TEST(RankModalities, StandardErrorsAndAmbiguity) {
  EXPECT_NEAR(standard_error(.62, 100), 0.0485386, 1e-7);  // sqrt(.62 * .38 / 100)
  EXPECT_EQ(standard_error(1, 100), 0);
  // Margins .07 and .10: with 100 samples 2 se are .0971 and .0954, with 500 they are .0434 and .0427.
  EXPECT_EQ(rank_modalities(kNames, {kPerfA, kPerfV}, {1, 1}, 100, with_end("last")).ranking.ambiguous, "performance");
  EXPECT_EQ(rank_modalities(kNames, {kPerfA, kPerfV}, {1, 1}, 500, with_end("last")).ranking.ambiguous, "");
  EXPECT_EQ(rank_modalities(kNames, {kPerfA, kPerfV}, {1, 1}, 60, with_end("last")).ranking.ambiguous,
            "performance, optimization");
  const AnalysisResult result = rank_modalities(kNames, {kPerfA, kPerfV}, {1, 1}, 100, with_end("last"));
  EXPECT_NEAR(result.curves[1].final_se, 0.0485386, 1e-7);
  EXPECT_NEAR(result.curves[0].early_se, 0.0476970, 1e-7);  // sqrt(.35 * .65 / 100)
}

TEST(RankModalities, TiesGoToTheLowerLossThenToTheFirst) {
  const std::vector<double> curve = {.3, .5};
  const auto best = [&](double loss_a, double loss_v) {
    return rank_modalities(kNames, {curve, curve}, {loss_a, loss_v}, 1000, with_end("last"));
  };
  EXPECT_EQ(best(1.1, 1.0).ranking.performance_dominant, 1);
  EXPECT_EQ(best(1.1, 1.0).ranking.optimization_dominant, 1);
  EXPECT_EQ(best(1.0, 1.0).ranking.performance_dominant, 0);
  EXPECT_EQ(best(1.0, 1.1).ranking.ambiguous, "performance, optimization");
}

TEST(RankModalities, OneEpochIsTooFewForABeginning) {
  const AnalysisResult result = rank_modalities(kNames, {{.2}, {.9}}, {1, 1}, 4096, with_end("last"));
  EXPECT_EQ(result.early_points, 1);
  EXPECT_EQ(result.ranking.optimization_dominant, 1);
  EXPECT_EQ(result.ranking.ambiguous, "optimization");
}

TEST(RankModalities, ThreeModalitiesAndOne) {
  const AnalysisResult three = rank_modalities({"a", "v", "t"}, {{.5, .5, .70}, {.3, .3, .80}, {.4, .4, .60}},
                                               {1, 1, 1}, 4096, with_end("last"));
  EXPECT_EQ(three.ranking.performance_dominant, 1);
  EXPECT_EQ(three.ranking.optimization_dominant, 0);
  EXPECT_NEAR(three.performance_margin, .10, 1e-12);
  EXPECT_FALSE(three.crossing_epoch == 0);
  const AnalysisResult one = rank_modalities({"a"}, {{.5, .6}}, {1}, 10, with_end("last"));
  EXPECT_EQ(one.ranking.performance_dominant, 0);
  EXPECT_EQ(one.performance_margin, 0);
  EXPECT_EQ(one.ranking.ambiguous, "");
}

TEST(RankModalities, RefusesCurvesThatDoNotFit) {
  EXPECT_THROW(rank_modalities(kNames, {kPerfA}, {1, 1}, 10, {}), Error);
  EXPECT_THROW(rank_modalities(kNames, {kPerfA, {.1}}, {1, 1}, 10, {}), Error);
  EXPECT_THROW(rank_modalities(kNames, {{}, {}}, {1, 1}, 10, {}), Error);
  try {
    rank_modalities(kNames, {kPerfA, kPerfV}, {1, 1}, 10, with_end("lst"));
    FAIL() << "an unknown end mode was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'last'"));
  }
}

TEST(ApplyCriterion, TheChosenOneDecidesAndTheOthersAreNoted) {
  AnalysisResult result = rank_modalities(kNames, {kPerfA, kPerfV}, {1, 1}, 4096, with_end("last"));
  const EarlyEvidence evidence{.unimodal = {.35, .25}, .branch = {.709, .745}, .dependency = {5.6, 1.0}};
  apply_criterion(result, find_early_criterion("multimodal_branch"), evidence);
  EXPECT_EQ(result.criterion, "multimodal_branch");
  EXPECT_EQ(result.ranking.optimization_dominant, 1);
  EXPECT_EQ(result.ranking.performance_dominant, 1);
  EXPECT_THAT(result.ranking.early, ElementsAre(.709, .745));
  EXPECT_THAT(result.other_criteria, UnorderedElementsAre(Pair("unimodal_early", "a"), Pair("dependency", "a")));
  EXPECT_EQ(result.curves[0].early, kPerfA[0] / 2 + kPerfA[1] / 2);
}

TEST(ApplyCriterion, DependencyHasNoStandardError) {
  AnalysisResult result = rank_modalities(kNames, {kPerfA, kPerfV}, {1, 1}, 100, with_end("last"));
  apply_criterion(result, find_early_criterion("dependency"),
                  {.unimodal = {.35, .25}, .branch = {}, .dependency = {.50, .49}});
  EXPECT_EQ(result.ranking.optimization_dominant, 0);
  EXPECT_EQ(result.ranking.ambiguous, "performance");
  EXPECT_THAT(result.other_criteria, UnorderedElementsAre(Pair("unimodal_early", "a")));
}

}  // namespace
}  // namespace pdmp::analysis
