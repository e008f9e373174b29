#include "analysis/unimodal.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temporary_directory.h"
#include "support/tiny_task.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

AnalysisData tiny_analysis() {
  AnalysisData data;
  data.splits = testing::tiny_task();
  data.evaluated_on = "val";
  return data;
}

TEST(TrainUnimodal, StartsAsTheEncoderOfTheJointModel) {
  const testing::TemporaryDirectory directory;
  TrainOptions options = testing::tiny_training(1);
  options.optimizer.lr = 1e-12;
  options.optimizer.weight_decay = 0;
  options.seed = 5;
  const AnalysisData data = tiny_analysis();
  train_unimodal(data, "b", testing::tiny_model(), options, directory.path(), "key");
  Model joint(data.splits.train->modalities(), 3, testing::tiny_model(), 5);
  ModelOptions alone = testing::tiny_model();
  Model loaded({data.splits.train->modalities()[1]}, 3, alone, 99);
  load_weights(loaded, (directory / "b.safetensors").string());
  const auto expected = joint.modality_parameters(1), found = loaded.modality_parameters(0);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(torch::allclose(found[i], expected[i], 0, 1e-9)) << i;
}

TEST(TrainUnimodal, AModalityThatSharesItsEncoderIsTrainedAloneAllTheSame) {
  AnalysisData data = tiny_analysis();
  const auto twice = [](const std::shared_ptr<const Dataset>& split) -> std::shared_ptr<const Dataset> {
    std::vector<Tensor> rows;
    std::vector<int64_t> labels;
    for (int64_t i = 0; i < split->size(); ++i) {
      rows.push_back(split->get(i, nullptr).inputs[0]);
      labels.push_back(split->label(i));
    }
    const Tensor input = torch::stack(rows);
    return std::make_shared<TensorDataset>(std::vector<ModalityInfo>{{"left", "vector", {3}}, {"right", "vector", {3}}},
                                           split->classes(), std::vector<Tensor>{input, input}, torch::tensor(labels));
  };
  data.splits = {.train = twice(data.splits.train), .val = twice(data.splits.val), .test = nullptr};
  ModelOptions model;
  model.encoders = {{"left", "@right"}, {"right", "mlp:hidden=8"}};
  for (const char* modality : {"left", "right"}) {
    const UnimodalTraining alone = train_unimodal(data, modality, model, testing::tiny_training(8), {}, "key");
    EXPECT_GT(alone.accuracy.back(), 0.8) << modality;
  }
}

// A fusion that asks for encoders of its own is trained with those, alone as together.
TEST(TrainUnimodal, HasTheEncoderThatTheFusionAsksFor) {
  const testing::TemporaryDirectory directory;
  ModelOptions model;
  model.fusion = "se_fusion:width=4";
  train_unimodal(tiny_analysis(), "a", model, testing::tiny_training(1), directory.path(), "key");
  ModelOptions expected;
  expected.encoders["a"] = "mlp:hidden=64+8";  // as wide as the maps of pictures would be
  Model loaded({{"a", "vector", {3}}}, 3, expected, 0);
  EXPECT_NO_THROW(load_weights(loaded, (directory / "a.safetensors").string()));
}

TEST(TrainUnimodal, LearnsAndLeavesWeightsAndCurve) {
  const testing::TemporaryDirectory directory;
  const AnalysisData data = tiny_analysis();
  const UnimodalTraining training =
      train_unimodal(data, "a", testing::tiny_model(), testing::tiny_training(8), directory.path(), "key");
  ASSERT_EQ(training.accuracy.size(), 8u);
  EXPECT_GT(training.accuracy.back(), 0.8);
  EXPECT_GT(training.final_loss, 0);
  EXPECT_TRUE(fs::exists(directory / "a.safetensors"));
  EXPECT_TRUE(fs::exists(directory / "a.json"));
  EXPECT_FALSE(fs::exists(directory / "a"));
}

TEST(TrainUnimodal, IsTheSameWithAndWithoutADirectory) {
  const testing::TemporaryDirectory directory;
  const AnalysisData data = tiny_analysis();
  const auto options = testing::tiny_training(3);
  const auto kept = train_unimodal(data, "a", testing::tiny_model(), options, directory.path(), "key");
  const auto plain = train_unimodal(data, "a", testing::tiny_model(), options, {}, "key");
  EXPECT_EQ(kept.accuracy, plain.accuracy);
  EXPECT_EQ(kept.final_loss, plain.final_loss);
}

TEST(TrainUnimodal, IsDoneAgainOnlyWhereItsWeightsAreGone) {
  const testing::TemporaryDirectory directory;
  const AnalysisData data = tiny_analysis();
  const auto train = [&] {
    return train_unimodal(data, "a", testing::tiny_model(), testing::tiny_training(2), directory.path(), "key");
  };
  const UnimodalTraining first = train();
  nlohmann::json kept = read_json(directory / "a.json");
  kept["accuracy"] = {0.125, 0.25};  // shows where the result comes from
  write_json(directory / "a.json", kept);
  EXPECT_EQ(train().accuracy, (std::vector<double>{0.125, 0.25}));
  fs::remove(directory / "a.safetensors");
  EXPECT_EQ(train().accuracy, first.accuracy);
  EXPECT_TRUE(fs::exists(directory / "a.safetensors"));
}

}  // namespace
}  // namespace pdmp
