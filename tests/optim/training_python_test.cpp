// Twenty steps of pdmp's two-modality ResNet-18 are those of the same network in plain PyTorch.
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>

#include "models/weights/safetensors.h"
#include "pdmp/model.h"
#include "pdmp/optimizer.h"
#include "support/example_batch.h"
#include "support/temporary_directory.h"

namespace pdmp::optim {
namespace {

const std::string kPython = PDMP_PYTHON;
constexpr int kSteps = 20, kBatches = 4;

const std::vector<ModalityInfo> kInfos = {{"audio", "audio", {1, 65, 72}}, {"visual", "image", {3, 64, 64}}};

// The optimizer of tests/golden/training_check.py.
OptimizerOptions optimizer_options() {
  OptimizerOptions options;
  options.optimizer = "sgd";
  options.lr = 5e-6;
  options.momentum = 0.9;
  options.weight_decay = 1e-4;
  return options;
}

// Trains on a few batches by turns; what it was given, and its losses.
models::Safetensors train(Model& model) {
  const auto optimizer = make_optimizer(optimizer_options(), default_groups(model));
  models::Safetensors record;
  std::vector<float> losses;
  for (int step = 0; step < kSteps; ++step) {
    const Batch batch = testing::example_batch(kInfos, 8, 6, static_cast<uint64_t>(step % kBatches));
    optimizer->zero_grad();
    const Tensor loss = torch::nn::functional::cross_entropy(model.forward(batch, false).fused, batch.labels);
    loss.backward();
    optimizer->step(1);
    losses.push_back(loss.item<float>());
    for (size_t m = 0; m < kInfos.size(); ++m) {
      record.tensors.emplace_back(fmt::format("input.{}.{}", kInfos[m].name, step), batch.inputs[m]);
    }
    record.tensors.emplace_back(fmt::format("labels.{}", step), batch.labels);
  }
  record.tensors.emplace_back("losses", torch::tensor(losses));
  return record;
}

TEST(TrainingPython, SameLossesForTwentySteps) {
  if (std::system((kPython + " -c 'import torch, numpy, safetensors.torch' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << kPython << " lacks torch, numpy or safetensors: run scripts/setup";
  }
  const testing::TemporaryDirectory directory;
  Model model(kInfos, 6, ModelOptions{}, 7);
  model.train();
  save_weights(model, directory / "weights.safetensors");
  models::write_safetensors(directory / "training.safetensors", train(model));
  const std::string command =
      fmt::format("{} {}/training_check.py {}", kPython, PDMP_GOLDEN_DIR, directory.path().string());
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace
}  // namespace pdmp::optim
