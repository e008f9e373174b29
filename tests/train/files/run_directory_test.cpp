#include "train/files/run_directory.h"

#include <fstream>
#include <gmock/gmock.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"
#include "support/toy_task.h"

namespace pdmp::training {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct RunDirectoryTest : ::testing::Test {
  testing::TemporaryDirectory folder;
  std::shared_ptr<const Dataset> data = testing::toy_data(4, 2, 1);
  std::shared_ptr<Model> model = testing::toy_model(*data);

  CheckpointState state_at(int64_t epoch) {
    CheckpointState state;
    state.epoch = epoch;
    state.generator = torch::zeros({3}, torch::kUInt8);
    state.values = {{"note", epoch}};
    return state;
  }
};

TEST_F(RunDirectoryTest, SecondOwnerIsRefusedWhileTheFirstLives) {
  {
    const RunDirectory first(folder.path() / "run");
    try {
      const RunDirectory second(folder.path() / "run");
      FAIL() << "expected an error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::busy);
      EXPECT_THAT(error.what(), HasSubstr("another process"));
    }
  }
  EXPECT_NO_THROW(RunDirectory(folder.path() / "run"));
}

TEST_F(RunDirectoryTest, BelowAFileIsAnIoError) {
  write_file_atomically(folder.path() / "file", "x");
  EXPECT_THROW(RunDirectory(folder.path() / "file" / "run"), Error);
}

TEST_F(RunDirectoryTest, ResumingCutsTheLogsBackToTheCheckpoint) {
  RunDirectory run(folder.path() / "run");
  run.append_metrics({{"step", 1}});
  run.save_checkpoint({*model}, state_at(1));
  run.append_metrics({{"step", 2}});
  run.append_timing({{"epoch", 1}});
  const auto state = run.load_checkpoint({*model});
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->epoch, 1);
  EXPECT_EQ(read_file(run.file("metrics.jsonl")), "{\"step\":1}\n");
  EXPECT_EQ(read_file(run.file("timing.jsonl")), "");
}

TEST_F(RunDirectoryTest, WithoutCheckpointTheLogsAreEmptied) {
  RunDirectory run(folder.path() / "run");
  run.append_metrics({{"step", 1}});
  EXPECT_FALSE(run.load_checkpoint({*model}).has_value());
  EXPECT_EQ(read_file(run.file("metrics.jsonl")), "");
}

TEST_F(RunDirectoryTest, CutCheckpointFallsBackToThePreviousOne) {
  RunDirectory run(folder.path() / "run");
  run.save_checkpoint({*model}, state_at(1));
  const Tensor first = model->parameters()[0].detach().clone();
  {
    const torch::NoGradGuard no_gradients;
    model->parameters()[0].add_(1);
  }
  run.save_checkpoint({*model}, state_at(2));
  const fs::path weights = run.file("checkpoints/last/weights.safetensors");
  fs::resize_file(weights, fs::file_size(weights) / 2);
  ::testing::internal::CaptureStderr();
  const auto state = run.load_checkpoint({*model});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("going on from"));
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->epoch, 1);
  EXPECT_TRUE(model->parameters()[0].equal(first));
}

TEST_F(RunDirectoryTest, OnlyDamagedCheckpointsAreAnError) {
  RunDirectory run(folder.path() / "run");
  run.save_checkpoint({*model}, state_at(1));
  fs::resize_file(run.file("checkpoints/last/checkpoint.json"), 10);
  try {
    run.load_checkpoint({*model});
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(error.what(), HasSubstr("`overwrite`"));
  }
}

TEST_F(RunDirectoryTest, BestWeightsComeBack) {
  RunDirectory run(folder.path() / "run");
  const Tensor best = model->parameters()[0].detach().clone();
  run.save_best({*model}, 3);
  {
    const torch::NoGradGuard no_gradients;
    model->parameters()[0].zero_();
  }
  run.load_best({*model}, 3);
  EXPECT_TRUE(model->parameters()[0].equal(best));
  EXPECT_EQ(read_json(run.file("checkpoints/best/best.json")).at("epoch"), 3);
}

TEST_F(RunDirectoryTest, TrimKeepsWhatWasAskedFor) {
  RunDirectory run(folder.path() / "run");
  run.save_checkpoint({*model}, state_at(1));
  run.save_checkpoint({*model}, state_at(2));
  run.save_best({*model}, 1);
  run.trim("all");
  EXPECT_TRUE(fs::exists(run.file("checkpoints/last/state.safetensors")));
  run.trim("weights");
  EXPECT_FALSE(fs::exists(run.file("checkpoints/previous")));
  EXPECT_FALSE(fs::exists(run.file("checkpoints/last/state.safetensors")));
  EXPECT_TRUE(fs::exists(run.file("checkpoints/last/weights.safetensors")));
  run.trim("best");
  EXPECT_FALSE(fs::exists(run.file("checkpoints/last")));
  EXPECT_TRUE(fs::exists(run.file("checkpoints/best/weights.safetensors")));
  run.trim("none");
  EXPECT_FALSE(fs::exists(run.file("checkpoints")));
}

}  // namespace
}  // namespace pdmp::training
