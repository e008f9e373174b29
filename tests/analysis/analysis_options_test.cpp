#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/analysis.h"
#include "pdmp/error.h"

namespace pdmp::analysis {
namespace {

using ::testing::HasSubstr;

TEST(AnalysisOptions, NamesAndRanges) {
  AnalysisOptions options;
  OptionList list;
  list.group("analysis", [&](OptionList& inner) { options.describe(inner); });
  list.set("analysis.subset", "0.4,1", "--analysis.subset");
  EXPECT_EQ(options.subset, (std::vector<double>{0.4, 1}));
  list.set("analysis.criterion", "dependency", "--analysis.criterion");
  list.set("analysis.end-mode", "best", "--analysis.end-mode");
  list.set("analysis.performance-dominant", "visual", "");
  list.set("analysis.optimization-dominant", "audio", "");
  list.set("analysis.epochs", "40", "");
  EXPECT_EQ(options.criterion, "dependency");
  EXPECT_EQ(options.end_mode, "best");
  EXPECT_EQ(options.performance_dominant, "visual");
  EXPECT_EQ(options.optimization_dominant, "audio");
  EXPECT_EQ(options.epochs, 40);
  EXPECT_EQ(options.stop, "auto");
  list.set("analysis.stop", "never", "--analysis.stop");
  EXPECT_EQ(options.stop, "never");
  EXPECT_THROW(list.set("analysis.stop", "soon", "--analysis.stop"), Error);
  EXPECT_THROW(list.set("analysis.subset", "0", "--analysis.subset"), Error);
  EXPECT_THROW(list.set("analysis.subset", "1.5", "--analysis.subset"), Error);
  EXPECT_THROW(list.set("analysis.criterion", "guess", "--analysis.criterion"), Error);
}

TEST(AnalysisSettings, ChangeWithWhatAModelAloneDependsOn) {
  const std::vector<ModalityInfo> infos = {{"audio", "vector", {4}}, {"visual", "vector", {4}}};
  ModelOptions model;
  model.encoders["visual"] = "mlp:hidden=8";
  TrainOptions train;
  AnalysisOptions options;
  const auto settings = [&] { return analysis_settings(infos, model, train, options); };
  const std::string before = settings();
  EXPECT_THAT(
      before,
      HasSubstr("encoders audio=mlp,visual=mlp:hidden=8; init global; epochs 100; batch-size 64; optimizer sgd"));
  train.seed = 7;
  model.fusion = "concat:bias=full";
  train.workers = 4;
  EXPECT_EQ(settings(), before);
  options.epochs = 40;
  EXPECT_THAT(settings(), HasSubstr("epochs 40"));
  options.epochs = 0;
  EXPECT_THAT(before, HasSubstr("; stop auto"));
  options.stop = "never";
  EXPECT_THAT(settings(), HasSubstr("; stop never"));
  options.stop = "auto";
  train.optimizer.lr = 0.5;
  EXPECT_THAT(settings(), HasSubstr("lr 0.5"));
  train.optimizer.lr = TrainOptions().optimizer.lr;
  EXPECT_EQ(settings(), before);
  model.encoders.clear();
  EXPECT_NE(settings(), before);
}

TEST(AnalysisSettings, NameTheEncodersOfTheJointModel) {
  const std::vector<ModalityInfo> infos = {{"left", "image", {1, 32, 32}}, {"right", "image", {1, 32, 32}}};
  ModelOptions model;
  const auto settings = [&] { return analysis_settings(infos, model, {}, {}); };
  model.encoders = {{"left", "@right"}, {"right", "resnet18:width=4"}};
  EXPECT_THAT(settings(), HasSubstr("encoders left=resnet18:width=4,right=resnet18:width=4;"));
  model.encoders.clear();
  EXPECT_THAT(settings(), HasSubstr("encoders left=resnet18,right=resnet18;"));
  model.fusion = "se_fusion:width=4";
  EXPECT_THAT(settings(), HasSubstr("encoders left=resnet18_front:width=4"));
}

}  // namespace
}  // namespace pdmp::analysis
