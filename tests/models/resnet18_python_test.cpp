// What Python makes of pdmp's weights: its safetensors reads the file, the names fit a plain PyTorch ResNet-18, and
// that network computes the same logits and gradients.
#include <cstdlib>
#include <gtest/gtest.h>

#include "models/safetensors.h"
#include "pdmp/model.h"
#include "support/example_batch.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

const std::string kPython = PDMP_PYTHON;

const std::vector<ModalityInfo> kInfos = {{"visual", "image", {3, 48, 40}}};

// One training pass over a batch of its own: input, results, gradients and BatchNorm statistics afterwards.
void record_pass(const std::string& weights, uint64_t seed, const std::string& path) {
  Model model(kInfos, 6, {}, 0);
  load_weights(model, weights);
  const Batch batch = testing::example_batch(kInfos, 4, 6, seed);
  const Outputs outputs = model.forward(batch, false);
  torch::nn::functional::cross_entropy(outputs.fused, batch.labels).backward();
  Safetensors record;
  record.tensors = {{"input", batch.inputs[0]},
                    {"labels", batch.labels},
                    {"pooled", outputs.features[0].pooled},
                    {"logits", outputs.fused}};
  for (const auto& item : model.named_parameters())
    record.tensors.emplace_back("grad." + item.key(), item.value().grad());
  for (const auto& item : model.named_buffers()) record.tensors.emplace_back("after." + item.key(), item.value());
  write_safetensors(path, record);
}

TEST(ResNet18Python, SameNamesLogitsAndGradients) {
  if (std::system((kPython + " -c 'import torch, numpy, safetensors.torch' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << kPython << " lacks torch, numpy or safetensors: run scripts/setup";
  }
  const testing::TemporaryDirectory directory;
  const std::string weights = directory / "weights.safetensors";
  save_weights(Model(kInfos, 6, {}, 7), weights);
  for (const uint64_t seed : {0, 1, 2, 3, 4})
    record_pass(weights, seed, directory / ("record_" + std::to_string(seed) + ".safetensors"));
  const std::string command = kPython + " " + PDMP_GOLDEN_DIR + "/resnet18_check.py " + directory.path().string();
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace
}  // namespace pdmp
