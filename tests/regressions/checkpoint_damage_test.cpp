// Damage to a run's checkpoints: found on every load, and never other numbers without a word.
#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "run/predict/load_run.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"
#include "train/files/run_directory.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

void flip_bit(const fs::path& file, size_t byte, int bit = 0) {
  std::string content = read_file(file);
  content.at(byte) = static_cast<char>(content.at(byte) ^ (1 << bit));
  write_file_atomically(file, content);
}

struct CheckpointDamage : ::testing::Test {
  TemporaryDirectory directory;
  RunOptions options = tiny_run(write_vector_data(directory), (directory / "run").string(), "ogm_ge", 3);
  fs::path checkpoints = directory / "run/checkpoints";

  CheckpointDamage() { options.train.optimizer.momentum = 0.9; }

  // Three epochs, then one more is asked for.
  void train_and_extend() {
    train(options);
    options.resume = true;
    options.train.epochs = 4;
  }
  double undisturbed_loss() {
    RunOptions other = options;
    other.run = (directory / "undisturbed").string();
    other.resume = false;
    return train(other).test->loss();
  }
};

// Was: another model without a word, 16 of 16.
TEST_F(CheckpointDamage, FlippedBitInLastFallsBackToPreviousAndEndsTheSame) {
  for (const char* name : {"weights.safetensors", "state.safetensors", "checkpoint.json"}) {
    options.resume = options.overwrite = false;
    options.train.epochs = 3;
    fs::remove_all(options.run);
    train_and_extend();
    const double expected = undisturbed_loss();
    fs::remove_all(directory / "undisturbed");
    const fs::path file = checkpoints / "last" / name;
    flip_bit(file, fs::file_size(file) * 3 / 4, 5);
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(train(options).test->loss(), expected) << name;
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(said, HasSubstr(name));
    EXPECT_THAT(said, HasSubstr("going on from"));
  }
}

TEST_F(CheckpointDamage, BothDamagedIsOneError) {
  train_and_extend();
  for (const char* name : {"last", "previous"}) flip_bit(checkpoints / name / "weights.safetensors", 900);
  expect_error(ErrorKind::data, {"last", "previous", "`overwrite`"}, [&] { train(options); });
}

// Was: other numbers, 12 of 28.
TEST_F(CheckpointDamage, FlippedBitInBestIsAnErrorOfWhoLoadsIt) {
  train(options);
  for (const char* name : {"weights.safetensors", "best.json"}) {
    const fs::path file = checkpoints / "best" / name;
    const std::string whole = read_file(file);
    for (const size_t part : {1u, 2u, 3u}) {
      flip_bit(file, whole.size() * part / 4, static_cast<int>(part));
      expect_error(ErrorKind::data, {name}, [&] { runs::load_run(options.run); });
      write_file_atomically(file, whole);
    }
  }
  EXPECT_NO_THROW(runs::load_run(options.run));
}

TEST_F(CheckpointDamage, FlippedBitInLastIsAnErrorWhereItWasSelected) {
  options.train.select = "last";
  for (const char* keep : {"all", "weights", "best"}) {
    fs::remove_all(options.run);
    options.train.keep = keep;
    train(options);
    const fs::path file = checkpoints / "last/weights.safetensors";
    EXPECT_NO_THROW(runs::load_run(options.run)) << keep;
    flip_bit(file, 900);
    expect_error(ErrorKind::data, {"weights.safetensors"}, [&] { runs::load_run(options.run); });
  }
}

// Was: .933 -> .867 without a word.
TEST_F(CheckpointDamage, MissingBestIsRefused) {
  train(options);
  fs::remove_all(checkpoints / "best");
  expect_error(ErrorKind::data, {"checkpoints/best", "found none", "`overwrite`"},
               [&] { runs::load_run(options.run); });
}

TEST_F(CheckpointDamage, BestOfAnotherEpochIsRefused) {
  train(options);
  const TrainingRun summary = read_summary(options.run);
  RunOptions other = options;
  other.run = (directory / "other").string();
  for (other.train.epochs = 1; other.train.epochs <= 3; ++other.train.epochs) {
    fs::remove_all(other.run);
    if (train(other).selected_epoch == summary.selected_epoch) continue;
    fs::remove_all(checkpoints / "best");
    fs::copy(directory / "other/checkpoints/best", checkpoints / "best", fs::copy_options::recursive);
    expect_error(ErrorKind::data,
                 {"checkpoints/best", fmt::format("of epoch {},", summary.selected_epoch + 1), "found those of epoch"},
                 [&] { runs::load_run(options.run); });
    return;
  }
  FAIL() << "every training chose the same epoch";
}

TEST_F(CheckpointDamage, LastOfAnotherEpochIsRefused) {
  options.train.select = "last";
  train(options);
  fs::remove_all(checkpoints / "last");
  fs::rename(checkpoints / "previous", checkpoints / "last");
  expect_error(ErrorKind::data, {"checkpoints/last", "after epoch 3", "after 2 epochs"},
               [&] { runs::load_run(options.run); });
}

// A run that goes on needs the best weights so far at its end: it is told at its beginning where they are lost.
TEST_F(CheckpointDamage, ResumeWithoutBestIsRefusedOrMendsIt) {
  train_and_extend();
  const double expected = undisturbed_loss();
  const int64_t best = read_json(checkpoints / "best/best.json").at("epoch");
  fs::remove_all(checkpoints / "best");
  if (best == 2) {  // the checkpoint's own
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(train(options).test->loss(), expected);
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("written again"));
  } else {
    expect_error(ErrorKind::data, {"checkpoints/best", fmt::format("epoch {}", best + 1)}, [&] { train(options); });
  }
}

// replace_directory renames best to best.old and best.new to best.
TEST_F(CheckpointDamage, AKillBetweenTheTwoRenamesOfBestLosesNothing) {
  train_and_extend();
  const double expected = undisturbed_loss();
  fs::copy(checkpoints / "best", checkpoints / "best.new", fs::copy_options::recursive);
  fs::rename(checkpoints / "best", checkpoints / "best.old");
  EXPECT_EQ(train(options).test->loss(), expected);
  EXPECT_FALSE(fs::exists(checkpoints / "best.old"));
  EXPECT_FALSE(fs::exists(checkpoints / "best.new"));
}

TEST_F(CheckpointDamage, WarmStartFromADamagedFileOfARunIsRefused) {
  train(options);
  const fs::path file = checkpoints / "best/weights.safetensors";
  flip_bit(file, fs::file_size(file) - 10);
  Model model(runs::read_model_description(directory / "run/model.json").modalities, 3, options.model, 0);
  expect_error(ErrorKind::data, {"weights.safetensors", "damaged"}, [&] { load_weights(model, file.string()); });
  RunOptions warm = options;
  warm.run = (directory / "warm").string();
  warm.model.encoders["a"] = "mlp:hidden=8:weights=" + file.string();
  expect_error(ErrorKind::data, {"weights.safetensors", "damaged"}, [&] { train(warm); });
}

// A teacher is a run too.
TEST_F(CheckpointDamage, ADamagedTeacherIsRefused) {
  options.data.modalities = {"a"};
  options.model.encoders.erase("b");
  options.method = "joint";
  train(options);
  flip_bit(checkpoints / "best/weights.safetensors", 500);
  RunOptions pupil = tiny_run((directory / "data").string(), (directory / "pupil").string(), "umt");
  pupil.data.data = options.data.data;
  pupil.alone = {{"a", options.run}};
  expect_error(ErrorKind::data, {"weights.safetensors"}, [&] { train(pupil); });
}

// Ratios that are logged may be infinite: null in their place would stop the run that goes on.
TEST_F(CheckpointDamage, NumbersThatAreNotFiniteComeBack) {
  training::RunDirectory run(directory / "plain");
  const auto data = load_data(options.data, 0).train;
  Model model(data->modalities(), 3, options.model, 0);
  training::CheckpointState state;
  state.generator = torch::zeros({3}, torch::kUInt8);
  state.values = {{"sum", std::numeric_limits<double>::infinity()}};
  run.save_checkpoint({model}, state);
  EXPECT_EQ(run.load_checkpoint({model})->values, state.values);
}

// Written by the program before digests were: refused, not misread.
TEST_F(CheckpointDamage, AnOlderFormatIsSaid) {
  train_and_extend();
  for (const char* name : {"last", "previous"}) {
    nlohmann::json index = read_json(checkpoints / name / "checkpoint.json");
    index["format_version"] = 1;
    index.erase("digest");
    write_json(checkpoints / name / "checkpoint.json", index);
  }
  expect_error(ErrorKind::data, {"checkpoint.json", "format_version 3", "found 1"}, [&] { train(options); });
}

}  // namespace
}  // namespace pdmp::testing
