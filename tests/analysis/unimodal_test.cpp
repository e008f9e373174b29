#include "analysis/unimodal.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"
#include "support/tiny_task.h"

namespace pdmp::analysis {
namespace {

namespace fs = std::filesystem;

AnalysisData tiny_analysis() {
  AnalysisData data;
  data.splits = testing::tiny_task();
  data.evaluated_on = "val";
  return data;
}

UnimodalTraining train_one(const AnalysisData& data, const std::string& modality, const ModelOptions& model,
                           const TrainOptions& train, const fs::path& directory) {
  return train_unimodal(data, {modality}, model, train, {}, directory, "key").at(0);
}

TEST(TrainUnimodal, StartsAsTheEncoderOfTheJointModel) {
  const testing::TemporaryDirectory directory;
  TrainOptions options = testing::tiny_training(1);
  options.optimizer.lr = 1e-12;
  options.optimizer.weight_decay = 0;
  options.seed = 5;
  const AnalysisData data = tiny_analysis();
  train_one(data, "b", testing::tiny_model(), options, directory.path());
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
    const UnimodalTraining alone = train_one(data, modality, model, testing::tiny_training(8), {});
    EXPECT_GT(alone.accuracy.back(), 0.8) << modality;
  }
}

// A fusion that asks for encoders of its own is trained with those, alone as together.
TEST(TrainUnimodal, HasTheEncoderThatTheFusionAsksFor) {
  const testing::TemporaryDirectory directory;
  ModelOptions model;
  model.fusion = "se_fusion:width=4";
  train_one(tiny_analysis(), "a", model, testing::tiny_training(1), directory.path());
  ModelOptions expected;
  expected.encoders["a"] = "mlp:hidden=64+8";  // as wide as the maps of pictures would be
  Model loaded({{"a", "vector", {3}}}, 3, expected, 0);
  EXPECT_NO_THROW(load_weights(loaded, (directory / "a.safetensors").string()));
}

TEST(TrainUnimodal, LearnsAndLeavesWeightsAndCurve) {
  const testing::TemporaryDirectory directory;
  const AnalysisData data = tiny_analysis();
  const UnimodalTraining training =
      train_one(data, "a", testing::tiny_model(), testing::tiny_training(8), directory.path());
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
  const auto kept = train_one(data, "a", testing::tiny_model(), options, directory.path());
  const auto plain = train_one(data, "a", testing::tiny_model(), options, {});
  EXPECT_EQ(kept.accuracy, plain.accuracy);
  EXPECT_EQ(kept.final_loss, plain.final_loss);
}

TEST(TrainUnimodal, IsDoneAgainOnlyWhereItsWeightsAreGone) {
  const testing::TemporaryDirectory directory;
  const AnalysisData data = tiny_analysis();
  const auto train = [&] {
    return train_one(data, "a", testing::tiny_model(), testing::tiny_training(2), directory.path());
  };
  const UnimodalTraining first = train();
  nlohmann::json kept = read_json(directory / "a.json");
  kept["accuracy"] = {0.125, 0.25};  // shows where the result comes from
  kept.erase("digest");              // edited on purpose
  write_json(directory / "a.json", kept);
  EXPECT_EQ(train().accuracy, (std::vector<double>{0.125, 0.25}));
  fs::remove(directory / "a.safetensors");
  EXPECT_EQ(train().accuracy, first.accuracy);
  EXPECT_TRUE(fs::exists(directory / "a.safetensors"));
}

TEST(TrainUnimodal, TogetherAsOneAfterTheOther) {
  const testing::TemporaryDirectory one, all;
  const AnalysisData data = tiny_analysis();
  const auto options = testing::tiny_training(4);
  const auto found = train_unimodal(data, {"a", "b"}, testing::tiny_model(), options, {}, all.path(), "key");
  for (const size_t m : {0u, 1u}) {
    const std::string name = m == 0 ? "a" : "b";
    const UnimodalTraining alone = train_one(data, name, testing::tiny_model(), options, one.path());
    EXPECT_EQ(found.at(m).accuracy, alone.accuracy);
    EXPECT_EQ(found.at(m).final_loss, alone.final_loss);
    for (const std::string& file : {name + ".safetensors", name + ".json"}) {
      EXPECT_EQ(read_file(all / file), read_file(one / file)) << file;
    }
  }
}

double share(const std::vector<uint8_t>& hits) {
  return static_cast<double>(std::count(hits.begin(), hits.end(), 1)) / static_cast<double>(hits.size());
}

TEST(TrainUnimodal, KnowsWhatWasRightWhereItMayStop) {
  const testing::TemporaryDirectory directory;
  const AnalysisData data = tiny_analysis();
  AnalysisOptions options;
  const auto train = [&] {
    return train_unimodal(data, {"a"}, testing::tiny_model(), testing::tiny_training(2), options, directory.path(),
                          "key " + options.stop)
        .at(0);
  };
  const UnimodalTraining fresh = train(), kept = train();
  EXPECT_EQ(kept.correct, fresh.correct);
  ASSERT_EQ(fresh.correct.size(), 2u);
  for (const size_t epoch : {0u, 1u}) {
    ASSERT_EQ(fresh.correct[epoch].size(), 24u);
    EXPECT_DOUBLE_EQ(share(fresh.correct[epoch]), fresh.accuracy[epoch]);
  }
  options.stop = "never";
  const UnimodalTraining never = train();
  EXPECT_TRUE(never.correct.empty());
  EXPECT_EQ(never.accuracy, fresh.accuracy);
  EXPECT_FALSE(read_json(directory / "a.json").contains("correct"));
}

// One of 40 planned epochs is another than one of 10: a stopped training is the beginning of the whole one.
TEST(TrainUnimodal, AStoppedTrainingIsTheBeginningOfTheWhole) {
  const AnalysisData data = tiny_analysis();
  AnalysisOptions options;
  TrainOptions train = testing::tiny_training(40);
  train.optimizer.schedule = "cosine";
  const auto stopped = train_unimodal(data, {"a"}, testing::tiny_model(), train, options, {}, "key").at(0);
  options.stop = "never";
  const auto whole = train_unimodal(data, {"a"}, testing::tiny_model(), train, options, {}, "key").at(0);
  ASSERT_EQ(stopped.accuracy.size(), 10u);  // one modality: nothing to rank
  ASSERT_EQ(whole.accuracy.size(), 40u);
  EXPECT_TRUE(std::equal(stopped.accuracy.begin(), stopped.accuracy.end(), whole.accuracy.begin()));
}

// Killed when one was kept and the other was not: that goes as far as the first and no farther.
TEST(TrainUnimodal, AKillBetweenTwoResultsChangesNothing) {
  const testing::TemporaryDirectory directory;
  const AnalysisData data = tiny_analysis();
  TrainOptions train = testing::tiny_training(40);
  const auto both = [&] {
    return train_unimodal(data, {"a", "b"}, testing::tiny_model(), train, {}, directory.path(), "key");
  };
  const auto first = both();
  EXPECT_EQ(first[0].accuracy.size(), first[1].accuracy.size());
  const std::string weights = read_file(directory / "b.safetensors"), curve = read_file(directory / "b.json");
  fs::remove(directory / "b.json");
  const auto again = both();
  EXPECT_EQ(again[1].accuracy, first[1].accuracy);
  EXPECT_EQ(again[1].correct, first[1].correct);
  EXPECT_EQ(read_file(directory / "b.safetensors"), weights);
  EXPECT_EQ(read_file(directory / "b.json"), curve);
}

TEST(TrainUnimodal, SaysWhichKeptResultIsOfNoUse) {
  const testing::TemporaryDirectory directory;
  const AnalysisData data = tiny_analysis();
  train_one(data, "a", testing::tiny_model(), testing::tiny_training(2), directory.path());
  nlohmann::json kept = read_json(directory / "a.json");
  kept.erase("correct");
  write_json(directory / "a.json", kept);
  testing::expect_error(ErrorKind::data, {"a.json", "delete it"}, [&] {
    train_one(data, "a", testing::tiny_model(), testing::tiny_training(2), directory.path());
  });
}

}  // namespace
}  // namespace pdmp::analysis
