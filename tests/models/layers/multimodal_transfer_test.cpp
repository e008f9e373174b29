#include "models/layers/multimodal_transfer.h"

#include <array>
#include <gtest/gtest.h>

namespace pdmp::models {
namespace {

int64_t parameters_of(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

void set(torch::nn::Module& module, const std::string& name, const Tensor& value) {
  const torch::NoGradGuard no_grad;
  module.named_parameters()[name].copy_(value);
}

// models.md 6.2: A pooled (1, 2), B pooled (3), E = (1, 2, 3).
MultimodalTransfer reference(double gain) {
  MultimodalTransfer transfer(std::vector<int64_t>{2, 1}, 2, gain);
  for (const auto& item : transfer->named_parameters()) set(*transfer, item.key(), torch::zeros_like(item.value()));
  set(*transfer, "squeeze.weight", torch::eye(3));
  set(*transfer, "excite_0.weight", torch::tensor({{1.0F, 0.0F, 0.0F}, {0.0F, -1.0F, 0.0F}}));
  set(*transfer, "excite_1.weight", torch::tensor({{0.0F, 0.0F, 1.0F}}));
  return transfer;
}

const Tensor kA = torch::tensor({0.0F, 2.0F, 1.0F, 3.0F}).view({1, 2, 1, 2}), kB = torch::tensor({{3.0F}});

TEST(MultimodalTransfer, ReferenceOfThreeChannels) {
  MultimodalTransfer transfer = reference(1);
  const std::vector<Tensor> out = transfer->forward({kA, kB});
  EXPECT_TRUE(torch::allclose(transfer->gate(0), torch::tensor({{0.731059F, 0.119203F}}), 0, 1e-6));
  EXPECT_TRUE(torch::allclose(transfer->gate(1), torch::tensor({{0.952574F}}), 0, 1e-6));
  const Tensor a = torch::tensor({0.0F, 1.462117F, 0.119203F, 0.357609F}).view({1, 2, 1, 2});
  EXPECT_TRUE(torch::allclose(out[0], a, 0, 1e-6)) << out[0];
  EXPECT_TRUE(torch::allclose(out[1], torch::tensor({{2.857722F}}), 0, 1e-6)) << out[1];
}

TEST(MultimodalTransfer, GainTwoDoublesTheGates) {
  MultimodalTransfer transfer = reference(2);
  const std::vector<Tensor> out = transfer->forward({kA, kB});
  EXPECT_TRUE(torch::allclose(transfer->gate(0), torch::tensor({{1.462117F, 0.238406F}}), 0, 1e-6));
  EXPECT_TRUE(torch::allclose(out[1], torch::tensor({{5.715445F}}), 0, 1e-6)) << out[1];
}

// models.md 6.1.
TEST(MultimodalTransfer, ParameterCounts) {
  const std::vector<std::array<int64_t, 3>> expected = {{128, 2, 131584}, {256, 2, 525312}, {512, 2, 2099200},
                                                        {128, 4, 65920},  {256, 4, 262912}, {512, 4, 1050112}};
  for (const auto& [width, ratio, count] : expected) {
    EXPECT_EQ(parameters_of(*MultimodalTransfer(std::vector<int64_t>{width, width}, ratio, 1)), count);
  }
}

TEST(MultimodalTransfer, AnyNumberOfModalitiesAndFurtherAxes) {
  MultimodalTransfer transfer(std::vector<int64_t>{2, 3, 4}, 4, 1);
  EXPECT_EQ(transfer->named_parameters()["squeeze.weight"].sizes(), (std::vector<int64_t>{4, 9}));  // floor(18 / 4)
  const std::vector<Tensor> maps = {torch::randn({5, 2}), torch::randn({5, 3, 7}), torch::randn({5, 4, 2, 3, 2})};
  const std::vector<Tensor> out = transfer->forward(maps);
  for (size_t m = 0; m < 3; ++m) EXPECT_EQ(out[m].sizes(), maps[m].sizes());
  const Tensor ratio = (out[2] / maps[2]).flatten(2);
  EXPECT_TRUE(torch::allclose(ratio, transfer->gate(2).unsqueeze(2).expand_as(ratio), 1e-4, 1e-5));
}

TEST(MultimodalTransfer, FixedGateTakesThePlaceOfTheComputedOne) {
  MultimodalTransfer transfer = reference(1);
  EXPECT_FALSE(transfer->gate(0).defined());
  transfer->fix_gate(0, torch::tensor({0.5F, 2.0F}));
  std::vector<Tensor> out = transfer->forward({kA, kB});
  EXPECT_TRUE(torch::equal(out[0], torch::tensor({0.0F, 1.0F, 2.0F, 6.0F}).view({1, 2, 1, 2}))) << out[0];
  EXPECT_NEAR(out[1].item<double>(), 2.857722, 1e-6);
  EXPECT_NEAR(transfer->gate(0)[0][0].item<double>(), 0.731059, 1e-6);  // what would have been used
  EXPECT_FALSE(transfer->gate(0).requires_grad());

  (out[0].sum() + out[1].sum()).backward();  // nothing of the first comes from the parameters
  EXPECT_FALSE(transfer->named_parameters()["excite_0.weight"].grad().defined());
  EXPECT_TRUE(transfer->named_parameters()["excite_1.weight"].grad().defined());

  transfer->fix_gate(0, torch::tensor({{0.5F, 2.0F}}));  // one per row, the same here
  EXPECT_TRUE(torch::equal(transfer->forward({kA, kB})[0], out[0]));
  transfer->fix_gate(0, std::nullopt);
  out = transfer->forward({kA, kB});
  EXPECT_NEAR(out[0][0][0][0][1].item<double>(), 1.462117, 1e-6);
}

}  // namespace
}  // namespace pdmp::models
