// What Python makes of pdmp's weights: its safetensors reads the file, the names fit a plain PyTorch ResNet-18, and that
// network computes the same logits and gradients.
#include <cstdlib>

#include <gtest/gtest.h>

#include "models/safetensors.h"
#include "pdmp/model.h"
#include "support/example_batch.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

const std::string kPython = PDMP_PYTHON;

TEST(ResNet18Python, SameNamesLogitsAndGradients) {
  if (std::system((kPython + " -c 'import torch, numpy, safetensors.torch' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << kPython << " lacks torch, numpy or safetensors: run scripts/setup";
  }
  const testing::TemporaryDirectory directory;
  const std::vector<ModalityInfo> infos = {{"visual", "image", {3, 48, 40}}};
  Model model(infos, 6, {}, 7);
  save_weights(model, directory / "weights.safetensors");

  const Batch batch = testing::example_batch(infos, 4, 6, 7);
  const Outputs outputs = model.forward(batch, false);
  torch::nn::functional::cross_entropy(outputs.fused, batch.labels).backward();
  Safetensors record;
  record.tensors = {{"input", batch.inputs[0]}, {"labels", batch.labels}, {"pooled", outputs.features[0].pooled}, {"logits", outputs.fused}};
  for (const auto& item : model.named_parameters()) record.tensors.emplace_back("grad." + item.key(), item.value().grad());
  for (const auto& item : model.named_buffers()) record.tensors.emplace_back("after." + item.key(), item.value());
  write_safetensors(directory / "record.safetensors", record);

  const std::string command = kPython + " " + PDMP_GOLDEN_DIR + "/resnet18_check.py " + directory.path().string();
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace
}  // namespace pdmp
