#include "analysis/kept_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"
#include "support/tiny_task.h"

namespace pdmp::analysis {
namespace {

namespace fs = std::filesystem;

TEST(KeptTraining, TrainsOnceAndKeepsTheResult) {
  const testing::TemporaryDirectory directory;
  int trained = 0;
  const auto train = [&](training::RunDirectory* run) -> nlohmann::json {
    EXPECT_NE(run, nullptr);
    EXPECT_TRUE(fs::exists(directory / "audio"));
    return {{"value", ++trained}};
  };
  EXPECT_EQ(kept_training(directory.path(), "audio", "key", train).at("value"), 1);
  EXPECT_FALSE(fs::exists(directory / "audio"));
  EXPECT_TRUE(fs::exists(directory / "audio.json"));
  EXPECT_EQ(kept_training(directory.path(), "audio", "key", train).at("value"), 1);
  EXPECT_EQ(trained, 1);
}

TEST(KeptTraining, SeveralCanBeUnderWayAtOnce) {
  const testing::TemporaryDirectory directory;
  {
    KeptTraining audio(directory.path(), "audio", "key"), visual(directory.path(), "visual", "key");
    EXPECT_FALSE(audio.finished() || visual.finished());
    EXPECT_TRUE(fs::exists(directory / "audio") && fs::exists(directory / "visual"));
    audio.finish({{"value", 1}});
    EXPECT_TRUE(audio.finished());
    EXPECT_EQ(audio.run(), nullptr);
  }
  EXPECT_EQ(KeptTraining(directory.path(), "audio", "key").result().at("value"), 1);
  EXPECT_FALSE(KeptTraining(directory.path(), "visual", "key").finished());
  EXPECT_FALSE(KeptTraining(directory.path(), "audio", "other").finished());
}

TEST(KeptTraining, AnotherKeyStartsAgain) {
  const testing::TemporaryDirectory directory;
  directory.write("audio/settings.json", R"({"made_with": "old"})");
  directory.write("audio/checkpoints/last/weights.safetensors", "stale");
  directory.write("audio.json", R"({"made_with": "old", "value": 0})");
  const auto result =
      kept_training(directory.path(), "audio", "new", [&](training::RunDirectory* run) -> nlohmann::json {
        EXPECT_FALSE(fs::exists(run->file("checkpoints")));
        return {{"value", 1}};
      });
  EXPECT_EQ(result.at("value"), 1);
  EXPECT_EQ(read_json(directory / "audio.json").at("value"), 1);
}

TEST(KeptTraining, AnInterruptedOneKeepsItsFolder) {
  const testing::TemporaryDirectory directory;
  const auto stopped = [](training::RunDirectory* run) -> nlohmann::json {
    write_json(run->file("progress"), 1);
    throw Error(ErrorKind::interrupted, "stopped");
  };
  EXPECT_THROW(kept_training(directory.path(), "audio", "key", stopped), Error);
  EXPECT_FALSE(fs::exists(directory / "audio.json"));
  kept_training(directory.path(), "audio", "key", [](training::RunDirectory* run) -> nlohmann::json {
    EXPECT_TRUE(fs::exists(run->file("progress")));
    return nlohmann::json::object();
  });
  EXPECT_FALSE(fs::exists(directory / "audio"));
}

TEST(KeptTraining, WithoutADirectoryNothingIsKept) {
  int trained = 0;
  const auto train = [&](training::RunDirectory* run) -> nlohmann::json {
    EXPECT_EQ(run, nullptr);
    return {{"value", ++trained}};
  };
  kept_training({}, "audio", "key", train);
  EXPECT_EQ(kept_training({}, "audio", "key", train).at("value"), 2);
}

TEST(TrainJointly, GoesToTheLastEpochWhateverTheRunSelects) {
  TrainOptions options = testing::tiny_training(4);
  options.select = "best_val";
  options.patience = 1;
  options.optimizer.lr = 1e-9;  // nothing gets better, so that patience would stop it
  const TrainingData data = testing::tiny_task();
  const auto model = std::make_shared<Model>(data.train->modalities(), 3, testing::tiny_model(), 0);
  const FitResult fit = train_jointly(model, data, options, nullptr, "");
  EXPECT_EQ(fit.history.size(), 4u);
  EXPECT_EQ(fit.selected_epoch, 3);
  EXPECT_EQ(fit.selected_by, "last");
}

}  // namespace
}  // namespace pdmp::analysis
