#include "analysis/probe.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
#include "support/temporary_directory.h"
#include "support/tiny_task.h"

namespace pdmp::analysis {
namespace {

TEST(Probe, MeansOfTheLastEpochsOfAShortJointRun) {
  const testing::TemporaryDirectory directory;
  AnalysisData data;
  data.splits = testing::tiny_task();
  TrainOptions options = testing::tiny_training(60);  // the probe: 6 epochs
  EarlyEvidence evidence;
  run_probe(evidence, data, testing::tiny_model(), options, 2, directory.path(), "key");

  options.epochs = 6;
  options.select = "last";
  const auto model = std::make_shared<Model>(data.splits.train->modalities(), 3, testing::tiny_model(), 0);
  const auto method = find_method("joint").make_options()->make();
  const FitResult fit = Trainer(options, std::nullopt).fit(model, *method, data.splits);
  for (size_t m = 0; m < 2; ++m) {
    const Evaluation &fifth = *fit.history[4].val, &sixth = *fit.history[5].val;
    EXPECT_NEAR(evidence.branch.at(m), (fifth.unimodal_accuracy[m] + sixth.unimodal_accuracy[m]) / 2, 1e-12);
    EXPECT_NEAR(evidence.dependency.at(m), (fifth.dependency[m] + sixth.dependency[m]) / 2, 1e-12);
  }
  EXPECT_TRUE(evidence.unimodal.empty());
  EXPECT_TRUE(std::filesystem::exists(directory / "probe.json"));
}

TEST(Probe, HasFiveEpochsAtLeast) {
  AnalysisData data;
  data.splits = testing::tiny_task();
  EarlyEvidence three_epochs, fifty_epochs;
  run_probe(three_epochs, data, testing::tiny_model(), testing::tiny_training(3), 2, {}, "key");
  run_probe(fifty_epochs, data, testing::tiny_model(), testing::tiny_training(50), 2, {}, "key");
  EXPECT_EQ(three_epochs.dependency, fifty_epochs.dependency);
}

}  // namespace
}  // namespace pdmp::analysis
