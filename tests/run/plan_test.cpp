#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "run/tiny_run.h"

namespace pdmp::runs {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Plan, CountsAndMeasures) {
  const testing::TemporaryDirectory directory;
  RunOptions options =
      testing::tiny_run(testing::write_vector_data(directory), (directory / "run").string(), "pdmp", 10);
  const std::string text = plan(options);
  EXPECT_THAT(text, HasSubstr("3 classes; train 48, val 24, test 24 samples"));
  // mlp: 3 x 8 + 8 and 2 x 8 + 8; concat: 16 x 3 + 3.
  EXPECT_THAT(text, HasSubstr("parameters  107 in all"));
  EXPECT_THAT(text, ContainsRegex(" 32  encoder of a\n +24  encoder of b\n +51  fusion"));
  EXPECT_THAT(text, HasSubstr("steps       3 per epoch, 30 in 10 epochs"));
  EXPECT_THAT(text, HasSubstr("of training ("));
  EXPECT_THAT(text, HasSubstr("of modality analysis before it"));
  EXPECT_FALSE(std::filesystem::exists(directory / "run"));
}

TEST(Plan, CountsStepsOfSeveralBatches) {
  const testing::TemporaryDirectory directory;
  RunOptions options = testing::tiny_run(testing::write_vector_data(directory), "", "joint", 10);
  options.train.accumulate = 2;  // 48 samples by 32
  EXPECT_THAT(plan(options), HasSubstr("steps       2 per epoch, 20 in 10 epochs"));
}

TEST(Plan, AnalysisOnlyWhereOneIsNeeded) {
  const testing::TemporaryDirectory directory;
  RunOptions options = testing::tiny_run(testing::write_vector_data(directory), "", "joint");
  EXPECT_THAT(plan(options), Not(HasSubstr("modality analysis")));
  options.method = "pdmp";
  options.data.modalities = {"a"};
  options.model.encoders.erase("b");
  EXPECT_THAT(plan(options), Not(HasSubstr("modality analysis")));
}

TEST(Plan, RefusesAsTheRunWould) {
  const testing::TemporaryDirectory directory;
  RunOptions options = testing::tiny_run(testing::write_vector_data(directory), "", "pdmp");
  options.model.encoders["c"] = "mlp";
  EXPECT_THROW(plan(options), Error);
}

}  // namespace
}  // namespace pdmp::runs
