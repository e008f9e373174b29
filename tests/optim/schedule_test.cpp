#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/optimizer.h"

namespace pdmp::optim {
namespace {

TEST(Schedule, ConstantIsOne) {
  const OptimizerOptions options;
  EXPECT_EQ(schedule_factor(options, 0, 100), 1);
  EXPECT_EQ(schedule_factor(options, 99, 100), 1);
}

TEST(Schedule, StepLowersFromItsEpochs) {
  OptimizerOptions options;
  options.schedule = "step";
  options.schedule_epochs = {70, 90};
  EXPECT_EQ(schedule_factor(options, 69, 100), 1);
  EXPECT_NEAR(schedule_factor(options, 70, 100), 0.1, 1e-15);
  EXPECT_NEAR(schedule_factor(options, 89, 100), 0.1, 1e-15);
  EXPECT_NEAR(schedule_factor(options, 90, 100), 0.01, 1e-15);
}

TEST(Schedule, CosineFallsToItsFloor) {
  OptimizerOptions options;
  options.schedule = "cosine";
  const double expected[] = {1, 0.853553390593, 0.5, 0.146446609407};
  for (int64_t epoch = 0; epoch < 4; ++epoch) EXPECT_NEAR(schedule_factor(options, epoch, 4), expected[epoch], 1e-12);
  options.schedule_floor = 0.1;
  EXPECT_NEAR(schedule_factor(options, 2, 4), 0.55, 1e-12);
  EXPECT_NEAR(schedule_factor(options, 4, 4), 0.1, 1e-12);
}

TEST(Schedule, WarmupRisesLinearly) {
  OptimizerOptions options;
  options.warmup_epochs = 5;
  const double expected[] = {0.2, 0.4, 0.6, 0.8, 1, 1};
  for (int64_t epoch = 0; epoch < 6; ++epoch) EXPECT_NEAR(schedule_factor(options, epoch, 10), expected[epoch], 1e-15);
  options.schedule = "cosine";  // begins to fall where the warm-up ends: 4 epochs of cosine after 5
  EXPECT_NEAR(schedule_factor(options, 4, 9), 1, 1e-15);
  EXPECT_NEAR(schedule_factor(options, 5, 9), 1, 1e-15);
  EXPECT_NEAR(schedule_factor(options, 7, 9), 0.5, 1e-12);
  EXPECT_NEAR(schedule_factor(options, 0, 3), 0.2, 1e-15);  // a run shorter than its warm-up
}

TEST(Schedule, UnknownNameIsAnError) {
  OptimizerOptions options;
  options.schedule = "linear";
  EXPECT_THROW(schedule_factor(options, 0, 1), Error);
}

}  // namespace
}  // namespace pdmp::optim
