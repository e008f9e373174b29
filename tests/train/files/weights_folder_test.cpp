#include "train/files/weights_folder.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>

#include "base/files/file.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"
#include "support/toy_task.h"

namespace pdmp::training {
namespace {

using testing::expect_error;

TEST(WeightsFolder, ComesBackWhereItIsWhole) {
  const testing::TemporaryDirectory folder;
  const auto data = testing::toy_data(4, 2, 1);
  const auto model = testing::toy_model(*data, 0), other = testing::toy_model(*data, 1);
  torch::nn::Linear parts(2, 3), other_parts(2, 3);
  const nlohmann::json index = {{"files", write_weights_files(folder.path(), {*model, parts.get()})}};
  const JsonFields fields(index, "index.json", "restore it");
  load_weights_files(folder.path(), fields, {*other, other_parts.get()});
  EXPECT_TRUE(other->parameters()[0].equal(model->parameters()[0]));
  EXPECT_TRUE(other_parts->weight.equal(parts->weight));
}

TEST(WeightsFolder, NothingIsTouchedWhereAFileIsDamagedOrNotListed) {
  const testing::TemporaryDirectory folder;
  const auto data = testing::toy_data(4, 2, 1);
  const auto model = testing::toy_model(*data, 0), other = testing::toy_model(*data, 1);
  torch::nn::Linear parts(2, 3);
  nlohmann::json index = {{"files", write_weights_files(folder.path(), {*model, parts.get()})}};
  const Tensor before = other->parameters()[0].detach().clone();
  const auto file = folder / "method.safetensors";
  std::string content = read_file(file);
  content.back() = static_cast<char>(content.back() ^ 1);
  write_file_atomically(file, content);
  expect_error(ErrorKind::data, {"method.safetensors", "damaged"}, [&] {
    load_weights_files(folder.path(), JsonFields(index, "index.json", "restore it"), {*other, parts.get()});
  });
  index["files"].erase("method.safetensors");
  expect_error(ErrorKind::data, {"index.json", "files.method.safetensors"}, [&] {
    load_weights_files(folder.path(), JsonFields(index, "index.json", "restore it"), {*other, parts.get()});
  });
  EXPECT_TRUE(other->parameters()[0].equal(before));
}

}  // namespace
}  // namespace pdmp::training
