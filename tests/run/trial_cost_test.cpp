#include "run/trial_cost.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "run/tiny_run.h"

namespace pdmp::runs {
namespace {

namespace fs = std::filesystem;

TEST(TrialCost, MeasuresRealStepsAndLeavesNothing) {
  const testing::TemporaryDirectory directory;
  const testing::TemporaryDirectory temporary;
  RunOptions options = testing::tiny_run(testing::write_vector_data(directory), (directory / "run").string());
  const TrainingData data = load_data(options.data, 0);
  const char* before = getenv("TMPDIR");
  const std::string restored = before == nullptr ? "" : before;
  setenv("TMPDIR", temporary.path().c_str(), 1);
  const TrialCost cost = measure_trial(options, data, TrialPlace::on_disk);
  restored.empty() ? unsetenv("TMPDIR") : setenv("TMPDIR", restored.c_str(), 1);
  EXPECT_EQ(cost.steps, 3);  // 48 samples in batches of 16; four at most
  EXPECT_GT(cost.step_seconds, 0);
  EXPECT_GT(cost.evaluation_seconds, 0);
  EXPECT_GT(cost.peak_bytes, 1 << 20);
  // 107 weights of four bytes and a header.
  EXPECT_GE(cost.weight_bytes, 428);
  EXPECT_LE(cost.weight_bytes, 2000);
  EXPECT_GE(cost.state_bytes, 428);  // momentum
  EXPECT_GT(cost.line_bytes, 50);
  EXPECT_TRUE(fs::is_empty(temporary.path()));
  EXPECT_FALSE(fs::exists(options.run));
  EXPECT_EQ(measure_trial(options, data).weight_bytes, 0);
}

// Beside weights.safetensors lies ema.safetensors, which `keep` treats alike.
TEST(TrialCost, AveragedWeightsAreWeights) {
  const testing::TemporaryDirectory directory;
  RunOptions options = testing::tiny_run(testing::write_vector_data(directory), (directory / "run").string());
  const TrainingData data = load_data(options.data, 0);
  const TrialCost plain = measure_trial(options, data, TrialPlace::on_disk);
  options.train.ema = 0.9;
  const TrialCost averaged = measure_trial(options, data, TrialPlace::on_disk);
  EXPECT_EQ(averaged.weight_bytes, 2 * plain.weight_bytes);
}

TEST(TrialCost, DiskIsWhatKeepLeaves) {
  const testing::TemporaryDirectory directory;
  RunOptions options = testing::tiny_run(testing::write_vector_data(directory), "");
  const TrainingData data = load_data(options.data, 0);  // train 48, val 24, test 24; 3 classes
  TrialCost trial;
  trial.weight_bytes = 1000000;
  trial.state_bytes = 1500000;
  trial.line_bytes = 100;
  // 16 KiB of small files; an epoch has 3 steps, so a line and no step's; 250 bytes of timing; 48 rows of 40 + 3 x 12.
  const int64_t numbers = 16384 + 3 * 100 + 3 * 250 + 48 * 76;
  for (const auto& [keep, weights] :
       {std::pair{"all", 6000000}, {"weights", 2000000}, {"best", 1000000}, {"none", 0}}) {
    options.train.keep = keep;
    EXPECT_EQ(disk_of_run(options, data, trial).finished, numbers + weights) << keep;
    EXPECT_EQ(disk_of_run(options, data, trial).training, numbers + 9500000) << keep;
  }
}

}  // namespace
}  // namespace pdmp::runs
