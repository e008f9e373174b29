#include "run/files/choices.h"

#include <gtest/gtest.h>

#include "run/tiny_run.h"

namespace pdmp::runs {
namespace {

class Choices : public ::testing::Test {
 protected:
  Choices() : options_(testing::tiny_run(testing::write_vector_data(directory_), (directory_ / "run").string())) {}
  std::string chosen() const { return choose_precision(options_, *load_data(options_.data, 0).train); }

  const testing::TemporaryDirectory directory_;
  RunOptions options_;
};

TEST_F(Choices, WhatIsAskedForIsTaken) {
  options_.train.precision = "bf16";
  EXPECT_EQ(chosen(), "bf16");
  options_.train.precision = "fp32";
  EXPECT_EQ(chosen(), "fp32");
}

TEST_F(Choices, AutoIsFp32ForASmallModel) { EXPECT_EQ(chosen(), "fp32"); }

TEST_F(Choices, ARunGoesOnInThePrecisionItBeganWith) {
  directory_.write("run/environment.json", R"({"precision": "bf16"})");
  options_.resume = true;
  EXPECT_EQ(chosen(), "bf16");
  options_.resume = false;  // --overwrite
  EXPECT_EQ(chosen(), "fp32");
}

TEST_F(Choices, MemoryGrowsWithTheBatch) {
  const TrainingData data = load_data(options_.data, 0);
  const int64_t few = memory_of_training(options_, *data.train);
  options_.train.batch_size *= 1000;
  const int64_t many = memory_of_training(options_, *data.train);
  EXPECT_GT(few, int64_t{300} << 20);
  // At least the features of the two encoders, eight numbers each.
  EXPECT_GT(many - few, int64_t{15000} * 16 * 4);
}

}  // namespace
}  // namespace pdmp::runs
