// PDMP on the SYN task (methods-modulation 0.8, 1.9): plain joint training settles on the easy modality and leaves the
// informative one unlearnt; PDMP learns it.
#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

#include "pdmp/analysis.h"
#include "pdmp/run.h"
#include "support/syn_task.h"

namespace pdmp::runs {
namespace {

constexpr int64_t kSeeds = 3, kEpochs = 10;

// What is known of SYN: B is best on its own, A leads at first.
ModalityRanking syn_ranking() {
  return {.modalities = {"A", "B"},
          .performance_dominant = 1,
          .optimization_dominant = 0,
          .early = {.56, .43},
          .final = {.73, .949},
          .ambiguous = ""};
}

FitResult train(const std::string& method_name, int64_t seed) {
  RunOptions run;
  OptionList list;
  run.describe(list);
  list.set("method", method_name, "--method");
  list.set("pdmp.gamma", "10", "--pdmp.gamma");
  TrainOptions options = testing::syn_training(seed, kEpochs);
  options.select = "last";
  const TrainingData data = testing::syn_task(static_cast<uint64_t>(seed));
  const auto model =
      std::make_shared<Model>(data.train->modalities(), 4, testing::syn_model(), static_cast<uint64_t>(seed));
  const auto method = run.method.make();
  return Trainer(options, syn_ranking()).fit(model, *method, data);
}

double w(const EpochRecord& record) { return record.val->dependency[0] / record.val->dependency[1]; }

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(Syn, JointTrainingLeansOnTheEasyModality) {
  std::vector<double> accuracy;
  for (int64_t seed = 0; seed < kSeeds; ++seed) {
    const FitResult fit = train("joint", seed);
    accuracy.push_back(fit.history.back().val->accuracy());
    double peak = 0;
    for (const EpochRecord& record : fit.history) peak = std::max(peak, w(record));
    EXPECT_GT(peak, 1.5) << "seed " << seed;
  }
  RecordProperty("mean_accuracy", std::to_string(mean(accuracy)));
  EXPECT_LT(mean(accuracy), .80);
  EXPECT_GT(mean(accuracy), .60);
}

TEST(Syn, PdmpLearnsTheInformativeOne) {
  std::vector<double> accuracy;
  for (int64_t seed = 0; seed < kSeeds; ++seed) {
    const FitResult fit = train("pdmp", seed);
    accuracy.push_back(fit.history.back().val->accuracy());
    EXPECT_LT(w(fit.history.back()), .3) << "seed " << seed;
  }
  RecordProperty("mean_accuracy", std::to_string(mean(accuracy)));
  EXPECT_GT(mean(accuracy), .94);
}

// tests/experiments/analysis_stop.py does this for 20 seeds.
TEST(Syn, AnAnalysisThatStopsSaysTheSameInLessThanHalfTheEpochs) {
  const TrainingData data = testing::syn_task(1);
  const AnalysisResult result = analyze(data, testing::syn_model(), testing::syn_training(1, 40), {}, {});
  EXPECT_EQ(result.ranking.performance_dominant, 1);
  EXPECT_EQ(result.ranking.optimization_dominant, 0);
  ASSERT_TRUE(result.stop.stopped_after.has_value());
  EXPECT_LT(*result.stop.stopped_after, 20);
}

TEST(Syn, AnalysisFindsWhichIsWhich) {
  const TrainingData data = testing::syn_task(0);
  AnalysisOptions options;
  options.stop = "never";
  const AnalysisResult result = analyze(data, testing::syn_model(), testing::syn_training(0, 40), options, {});
  EXPECT_EQ(result.epochs, 40);
  EXPECT_EQ(result.ranking.performance_dominant, 1);
  EXPECT_EQ(result.ranking.optimization_dominant, 0);
  EXPECT_EQ(result.ranking.ambiguous, "");
  EXPECT_NEAR(result.ranking.final[0], .73, .03);
  EXPECT_NEAR(result.ranking.final[1], .949, .02);
  EXPECT_GT(result.ranking.early[0], result.ranking.early[1]);
  EXPECT_EQ(result.n_eval, 4096);
}

}  // namespace
}  // namespace pdmp::runs
