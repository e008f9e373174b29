// What Python makes of pdmp's models: its safetensors reads the weights, their names fit the same networks written in
// plain PyTorch, and those compute the same features, logits, gradients and BatchNorm statistics.
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/batchnorm.h>

#include "models/weights/safetensors.h"
#include "pdmp/model.h"
#include "support/example_batch.h"
#include "support/temporary_directory.h"

namespace pdmp::models {
namespace {

const std::string kPython = PDMP_PYTHON;

const std::vector<ModalityInfo> kInfos = {{"audio", "audio", {1, 40, 48}}, {"visual", "image", {3, 48, 40}}};

struct Network {
  const char *name, *fusion;  // as tests/golden/architectures_check.py knows it
};

void PrintTo(const Network& network, std::ostream* stream) { *stream << network.name; }

// Weights that none of the initialisations gives: no bias, position or BatchNorm is where it began. Channels are mostly
// open or mostly closed, by turns: then next to no ReLU has an input that is zero to rounding, where float and double
// could take different sides.
void stir(Model& model) {
  const torch::NoGradGuard no_grad;
  const torch::Generator generator = at::detail::createCPUGenerator(8);
  for (Tensor& parameter : model.parameters()) {
    parameter.add_(torch::randn(parameter.sizes(), generator, parameter.options().requires_grad(false)), 0.02);
  }
  for (const auto& part : model.modules(/*include_self=*/false)) {
    auto* norm = part->as<torch::nn::BatchNorm2dImpl>();
    if (norm == nullptr) continue;
    norm->bias.slice(0, 0, std::nullopt, 2).add_(2);
    norm->bias.slice(0, 1, std::nullopt, 2).sub_(2);
  }
}

// One training pass over a batch of its own: input, results, gradients and BatchNorm statistics afterwards.
void record_pass(Model& model, uint64_t seed, const std::string& path) {
  const Batch batch = testing::example_batch(kInfos, 4, 6, seed);
  model.zero_grad();
  const Outputs outputs = model.forward(batch, false);
  torch::nn::functional::cross_entropy(outputs.fused, batch.labels).backward();
  Safetensors record;
  record.tensors = {{"labels", batch.labels}, {"logits", outputs.fused}};
  for (size_t m = 0; m < kInfos.size(); ++m) {
    record.tensors.emplace_back("input." + kInfos[m].name, batch.inputs[m]);
    record.tensors.emplace_back("pooled." + kInfos[m].name, outputs.features[m].pooled);
  }
  for (const auto& item : model.named_parameters())
    record.tensors.emplace_back("grad." + item.key(), item.value().grad());
  for (const auto& item : model.named_buffers()) record.tensors.emplace_back("after." + item.key(), item.value());
  write_safetensors(path, record);
}

class ArchitecturesPython : public ::testing::TestWithParam<Network> {};

TEST_P(ArchitecturesPython, SameNamesLogitsAndGradients) {
  if (std::system((kPython + " -c 'import torch, numpy, safetensors.torch' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << kPython << " lacks torch, numpy or safetensors: run scripts/setup";
  }
  const testing::TemporaryDirectory directory;
  const std::string weights = directory / "weights.safetensors";
  ModelOptions options;
  options.fusion = GetParam().fusion;
  Model model(kInfos, 6, options, 7);
  stir(model);
  save_weights(model, weights);
  for (const int seed : {0, 1, 2, 3, 4}) {
    load_weights(model, weights);
    record_pass(model, static_cast<uint64_t>(seed), directory / fmt::format("record_{}.safetensors", seed));
  }
  const std::string command = fmt::format("{} {}/architectures_check.py {} {}", kPython, PDMP_GOLDEN_DIR,
                                          GetParam().name, directory.path().string());
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

INSTANTIATE_TEST_SUITE_P(
    Networks, ArchitecturesPython,
    ::testing::Values(Network{"resnet18_concat", "concat"}, Network{"se_fusion", "se_fusion"}, Network{"mmtm", "mmtm"},
                      Network{"mmformer", "mmformer:dim=32:heads=4:mlp=64:grid=4:depth=2:dropout=0"}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace pdmp::models
