#include "compare/execute/comparison_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "compare/small_grid.h"

namespace pdmp::comparing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// 48 training samples of two modalities in batches of 16, for 3 epochs: .3 s of steps and .1 s of validation an epoch.
runs::TrialCost trial() {
  runs::TrialCost cost;
  cost.steps = 4;
  cost.step_seconds = 0.1;
  cost.evaluation_seconds = 0.1;
  cost.peak_bytes = int64_t{1} << 30;
  cost.weight_bytes = 1000000;
  cost.state_bytes = 1000000;
  return cost;
}

ComparisonCost small_cost(const testing::SmallGrid& small, int64_t jobs = 1) {
  return cost_of(small.make(), {}, small.options.run, small.data, {.jobs = jobs, .threads = 1, .precision = "fp32"},
                 trial());
}

TEST(CompareCost, IsTheSumOfTheTrainings) {
  const ComparisonCost cost = small_cost(testing::SmallGrid({"joint"}, 2));
  EXPECT_EQ(cost.alone, 4);
  EXPECT_EQ(cost.methods, 2);
  EXPECT_EQ(cost.finished, 0);
  // Joint: 3 epochs of .4 s; each modality half of that. Two seeds.
  EXPECT_NEAR(cost.seconds, 2 * (1.2 + 0.6 + 0.6), 1e-9);
  EXPECT_EQ(cost.analysis_seconds, 0);
  EXPECT_EQ(cost.memory_bytes, int64_t{1} << 30);
}

TEST(CompareCost, TrainingsAtOnceShareTheTimeAndAddUpInMemory) {
  const testing::SmallGrid small({"joint"}, 2);
  EXPECT_NEAR(small_cost(small, 2).seconds, 2.4, 1e-9);
  EXPECT_NEAR(small_cost(small, 100).seconds, 1.2, 1e-9);  // no shorter than the longest
  EXPECT_EQ(small_cost(small, 2).memory_bytes, int64_t{2} << 30);
}

TEST(CompareCost, MethodsTakeWhatTheirStepTakes) {
  const double factor = find_method("umt").step_factor, joint = small_cost(testing::SmallGrid({"joint"}, 1)).seconds;
  EXPECT_NE(factor, 1);
  EXPECT_NEAR(small_cost(testing::SmallGrid({"joint", "umt"}, 1)).seconds - joint, 3 * (0.3 * factor + 0.1), 1e-9);
}

TEST(CompareCost, WhatIsFinishedTakesNoTime) {
  const testing::SmallGrid small({"joint", "pdmp"}, 1);
  const ComparisonCost before = small_cost(small);
  EXPECT_NEAR(before.analysis_seconds, 1.2, 1e-9);
  for (const char* file : {"runs/concat/joint/seed0/summary.json", "analysis.json"}) {
    small.directory.write("out/" + std::string(file), "{}");
  }
  const ComparisonCost after = small_cost(small);
  EXPECT_EQ(after.finished, 1);
  EXPECT_NEAR(before.seconds - after.seconds, 1.2, 1e-9);
  EXPECT_EQ(after.analysis_seconds, 0);
  EXPECT_EQ(after.disk_bytes, before.disk_bytes);
}

TEST(CompareCost, TextAndJsonSayWhatAreEstimates) {
  testing::SmallGrid small({"joint", "greedy"}, 1);
  small.options.run.data.cache = "off";
  const ComparisonCost cost = small_cost(small);
  const std::string text = cost_text(cost);
  EXPECT_THAT(text, HasSubstr("trainings   2 of one modality, 1 of methods, 0 of a search; 0 of these 3 are finished"));
  EXPECT_THAT(text, HasSubstr("n/a, without trainings: 1"));
  EXPECT_THAT(text, HasSubstr("memory      about 1.00 GiB"));
  // Two checkpoints of 2 MB and the best weights, half of that for each modality alone; and numbers.
  EXPECT_THAT(text, HasSubstr("disk        about 9.6 MiB in the end"));
  EXPECT_THAT(text, HasSubstr("are estimates from 4 steps of joint (0.1 s each)"));
  EXPECT_THAT(text, Not(HasSubstr("decoded samples")));
  EXPECT_EQ(cost_json(cost).at("trainings").at("total"), 3);
  EXPECT_EQ(cost_json(cost).at("trial").at("method"), "joint");
}

}  // namespace
}  // namespace pdmp::comparing
