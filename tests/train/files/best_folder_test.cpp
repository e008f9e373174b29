#include "train/files/best_folder.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"
#include "support/toy_task.h"

namespace pdmp::training {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;

struct BestWeightsTest : ::testing::Test {
  testing::TemporaryDirectory folder;
  std::shared_ptr<const Dataset> data = testing::toy_data(4, 2, 1);
  std::shared_ptr<Model> model = testing::toy_model(*data);

  // As of `epoch`: its first parameter holds that number.
  void write(int64_t epoch) {
    const torch::NoGradGuard no_gradients;
    model->parameters()[0].fill_(static_cast<double>(epoch));
    write_best(folder.path(), {*model}, epoch);
  }
  double loaded(int64_t epoch) {
    load_best_weights(folder.path(), {*model}, epoch);
    return model->parameters()[0].max().item<double>();
  }
};

TEST_F(BestWeightsTest, OnlyThoseOfTheEpochAreLoaded) {
  expect_error(ErrorKind::data, {"best", "epoch 3", "found none"}, [&] { loaded(2); });
  write(2);
  write(5);
  EXPECT_EQ(loaded(5), 5);
  expect_error(ErrorKind::data, {"best", "epoch 3", "epoch 6"}, [&] { loaded(2); });
  EXPECT_FALSE(fs::exists(folder / "best.old"));
}

TEST_F(BestWeightsTest, AFlippedBitOfTheIndexIsFound) {
  write(2);
  const auto file = folder / "best/best.json";
  std::string content = read_file(file);
  content[content.find("\"epoch\": 2") + 9] = '3';
  write_file_atomically(file, content);
  expect_error(ErrorKind::data, {"best.json", "damaged"}, [&] { loaded(3); });
}

// Killed between the two renames of replace_directory: best.old and best.new are there, best is not.
TEST_F(BestWeightsTest, WhatAKillBetweenTwoRenamesLeftIsPutInPlace) {
  write(5);
  fs::rename(folder / "best", folder / "later");
  write(2);
  fs::rename(folder / "best", folder / "best.old");
  fs::rename(folder / "later", folder / "best.new");
  EXPECT_TRUE(recover_best(folder.path(), 2, 5));
  EXPECT_EQ(loaded(2), 2);
  EXPECT_FALSE(fs::exists(folder / "best.new"));
  EXPECT_FALSE(fs::exists(folder / "best.old"));
}

TEST_F(BestWeightsTest, ALaterEpochIsWrittenAgain) {
  write(5);
  EXPECT_TRUE(recover_best(folder.path(), 2, 5));   // killed after it was written, before the checkpoint
  EXPECT_FALSE(recover_best(folder.path(), 2, 6));  // another run's
  fs::resize_file(folder / "best/weights.safetensors", 100);
  EXPECT_FALSE(recover_best(folder.path(), 5, 6));
}

}  // namespace
}  // namespace pdmp::training
