#include "train/files/checkpoint.h"

#include <gmock/gmock.h>
#include <torch/nn/modules/linear.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"
#include "support/toy_task.h"

namespace pdmp::training {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(Checkpoint, EverythingRoundTrips) {
  const testing::TemporaryDirectory folder;
  const auto data = testing::toy_data(4, 2, 1);
  const auto model = testing::toy_model(*data, 0);
  torch::nn::Linear parts(2, 3);
  CheckpointState state;
  state.epoch = 3;
  state.batch = 5;
  state.step = 77;
  state.optimizer.tensors = {{"momentum/0", torch::arange(4, torch::kFloat64)}};
  state.optimizer.values = {{"steps", 77}};
  state.method.tensors = {{"prototypes", torch::ones({2, 2})}};
  state.method.values = {{"mode", "x"}};
  state.generator = torch::arange(5, torch::kUInt8);
  state.values = {{"best_accuracy", 0.1 + 0.2}};
  write_checkpoint(folder.path() / "c", {*model, parts.get()}, state, {{11, "a"}, {12, "b"}});

  const auto other = testing::toy_model(*data, 1);
  torch::nn::Linear other_parts(2, 3);
  LogDigests logs;
  const CheckpointState back =
      read_checkpoint(folder.path() / "c", {*other, other_parts.get()}, [&](const LogDigests& found) { logs = found; });
  EXPECT_EQ(back.epoch, 3);
  EXPECT_EQ(back.batch, 5);
  EXPECT_EQ(back.step, 77);
  EXPECT_EQ(logs.metrics.bytes, 11u);
  EXPECT_EQ(logs.timing.digest, "b");
  ASSERT_NE(back.optimizer.find("momentum/0"), nullptr);
  EXPECT_TRUE(back.optimizer.find("momentum/0")->equal(torch::arange(4, torch::kFloat64)));
  EXPECT_EQ(back.optimizer.values, state.optimizer.values);
  ASSERT_NE(back.method.find("prototypes"), nullptr);
  EXPECT_EQ(back.method.values, state.method.values);
  EXPECT_TRUE(back.generator.equal(state.generator));
  EXPECT_EQ(back.values, state.values);
  for (size_t i = 0; i < model->parameters().size(); ++i) {
    EXPECT_TRUE(model->parameters()[i].equal(other->parameters()[i])) << i;
  }
  EXPECT_TRUE(parts->weight.equal(other_parts->weight));
}

TEST(Checkpoint, EachCutFileIsNamed) {
  const auto data = testing::toy_data(4, 2, 1);
  const auto model = testing::toy_model(*data);
  for (const char* name : {"weights.safetensors", "state.safetensors", "checkpoint.json"}) {
    const testing::TemporaryDirectory folder;
    write_checkpoint(folder.path(), {*model}, {}, {});
    fs::resize_file(folder.path() / name, fs::file_size(folder.path() / name) / 2);
    try {
      read_checkpoint(folder.path(), {*model}, [](const LogDigests&) {});
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      EXPECT_THAT(error.what(), HasSubstr(name));
    }
  }
}

}  // namespace
}  // namespace pdmp::training
