#include "models/fusion/mmtm.h"

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>

#include "base/spec.h"
#include "support/example_batch.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using testing::example_batch;
using testing::relative_error;

std::shared_ptr<MmtmFusion> mmtm(const std::string& options, const std::vector<int64_t>& widths) {
  return std::dynamic_pointer_cast<MmtmFusion>(
      configure(fusion_table(), "fusion", "mmtm" + options, "fusion")->make(widths, 2));
}

void set(Fusion& fusion, const std::string& name, const Tensor& value) {
  const torch::NoGradGuard no_grad;
  fusion.named_parameters()[name].copy_(value.view_as(fusion.named_parameters()[name]));
}

Model model(const std::string& fusion, const std::vector<ModalityInfo>& infos, int64_t classes) {
  ModelOptions options;
  options.fusion = fusion;
  return Model(infos, classes, options, 3);
}

int64_t parameters_of(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

std::vector<ModalityInfo> images(int64_t modalities) {
  std::vector<ModalityInfo> infos;
  for (int64_t m = 0; m < modalities; ++m)
    infos.push_back({std::string("m") + std::to_string(m), "image", {3, 32, 32}});
  return infos;
}

// models.md 6.2. Late stages of one modality: 10,493,440.
TEST(Mmtm, ParameterCounts) {
  Model pair = model("mmtm", images(2), 6);
  EXPECT_EQ(parameters_of(pair), 14606470);
  EXPECT_EQ(parameters_of(pair.encoder(0)), 675392);
  EXPECT_EQ(parameters_of(model("mmtm:share-late=false", images(2), 6)), 14606470 + 10493440);
  EXPECT_EQ(parameters_of(model("mmtm:heads=branch", images(2), 6)), 14606470 + 6);
  EXPECT_EQ(parameters_of(model("mmtm", images(3), 6)), 18727366);
  EXPECT_EQ(parameters_of(model("mmtm", images(1), 6)), 675392 + 10493440 + 3078);
}

// One channel per modality. Without their 3x3 convolutions, and BatchNorm the identity, the late stages are
//   layer3: x -> relu(x, 2x, -x, x / 2);  layer4: v -> relu(v1, v2, v3, v4, sum of v, -v1, v2 / 2, 0)
// mmtm1 gates each modality by the other, mmtm2 by 1/2; mmtm3 by 3/4 the first modality, by 1/2 the second.
// Logits: the first modality's sum + 0.5, and the second's.
std::shared_ptr<MmtmFusion> reference(const std::string& options) {
  const auto fusion = mmtm(":width=1" + options, {1, 1});
  const torch::NoGradGuard no_grad;
  for (const auto& item : fusion->named_parameters()) {
    const bool norm = item.key().find(".bn") != std::string::npos || item.key().ends_with("downsample.1.weight");
    item.value().fill_(norm && item.key().ends_with("weight") ? 1 : 0);
  }
  for (const auto& item : fusion->named_buffers()) {
    if (item.key().ends_with("running_var")) item.value().fill_(1 - 1e-5);
  }
  Tensor projection = torch::zeros({8, 4});
  for (const int64_t i : {0, 1, 2, 3}) projection[i][i] = 1;
  projection[4] = 1;
  projection[5][0] = -1;
  projection[6][1] = 0.5;
  set(*fusion, "layer3.0.downsample.0.weight", torch::tensor({1.0F, 2.0F, -1.0F, 0.5F}));
  set(*fusion, "layer4.0.downsample.0.weight", projection);
  set(*fusion, "mmtm1.squeeze.weight", torch::eye(2));
  set(*fusion, "mmtm1.excite_0.weight", torch::tensor({0.0F, 1.0F}));
  set(*fusion, "mmtm1.excite_1.weight", torch::tensor({1.0F, 0.0F}));
  set(*fusion, "mmtm3.excite_0.bias", torch::full({8}, std::log(3.0F)));
  const Tensor ones = torch::ones({8}), zeros = torch::zeros({8});
  if (fusion->has_branch_heads()) {
    set(*fusion, "fc_0.weight", torch::stack({ones, zeros}));
    set(*fusion, "fc_1.weight", torch::stack({zeros, ones}));
    set(*fusion, "fc_0.bias", torch::tensor({0.5F, 0.0F}));
  } else {
    set(*fusion, "fc.weight", torch::stack({torch::cat({ones, zeros}), torch::cat({zeros, ones})}));
    set(*fusion, "fc.bias", torch::tensor({0.5F, 0.0F}));
  }
  fusion->eval();
  return fusion;
}

// The first modality has the mean 2, and 3 where the strides look; the second is a feature without a map, 1.
std::vector<Feature> reference_features() {
  const Tensor map = torch::tensor({3.0F, 1.0F}).view({1, 1, 1, 2});
  return {{map, map.mean({2, 3})}, {{}, torch::tensor({{1.0F}})}};
}

const Tensor kBoth = torch::ones({1, 2}, torch::kBool);

void expect_row(const Tensor& logits, float first, float second) {
  EXPECT_TRUE(torch::allclose(logits, torch::tensor({{first, second}}), 1e-5, 1e-5)) << logits;
}

// By hand: gates of mmtm1 sigmoid(1) = 0.731059 and sigmoid(2) = 0.880797, so 3 -> 2.193176 and 1 -> 0.880797; a value
// x there is (1 + 2 + 0.5) x / 2 after layer3 and mmtm2, in the sum (1 + 2 + 0.5 + 3.5 + 1) x / 2 = 4 x after layer4.
// Alone: x = 3 / 2 and x = 1 / 2.
TEST(Mmtm, ReferenceOfOneChannelEach) {
  const auto fusion = reference("");
  expect_row(fusion->forward(reference_features(), kBoth), 7.079528F, 1.761594F);
  const std::vector<Tensor> unimodal = fusion->unimodal_logits(reference_features(), kBoth);
  expect_row(unimodal[0], 5.0F, 0.0F);
  expect_row(unimodal[1], 0.5F, 1.0F);
}

TEST(Mmtm, ReferenceOfDoubledGates) {
  expect_row(reference(":gate-gain=2")->forward(reference_features(), kBoth), 53.136223F, 14.092752F);
}

TEST(Mmtm, ReferenceOfBranchHeads) {
  const auto fusion = reference(":heads=branch");
  const std::vector<Tensor> branches = fusion->unimodal_logits(reference_features(), kBoth);
  expect_row(branches[0], 7.079528F, 0.0F);
  expect_row(branches[1], 0.0F, 1.761594F);
  expect_row(fusion->forward(reference_features(), kBoth), 3.539764F, 0.880797F);
  // A row without the second modality: the mean over the first branch, whose gate the other no longer moves.
  std::vector<Feature> features = reference_features();
  features[1].pooled.zero_();
  const Tensor first_only = torch::tensor({{1, 0}}).to(torch::kBool);
  expect_row(fusion->forward(features, first_only), 5.0F, 0.0F);
  expect_row(fusion->branch_logits(features, first_only)[1], 0.0F, 0.0F);
}

TEST(Mmtm, FixedGatesReachTheForwardPass) {
  const auto fusion = reference("");
  ASSERT_EQ(fusion->transfers().size(), 3U);
  fusion->forward(reference_features(), kBoth);
  EXPECT_NEAR(fusion->transfers()[0]->gate(1).item<double>(), 0.880797, 1e-6);
  EXPECT_TRUE(torch::allclose(fusion->transfers()[2]->gate(0), torch::full({1, 8}, 0.75)));
  fusion->transfers()[0]->fix_gate(0, torch::tensor({0.5F}));
  expect_row(fusion->forward(reference_features(), kBoth), 5.0F, 1.761594F);
}

TEST(Mmtm, OwnershipByName) {
  const auto shared = mmtm(":width=1", {2, 2}), own = mmtm(":width=1:share-late=false:heads=branch", {2, 3});
  const std::optional<int64_t> nobody;
  EXPECT_EQ(shared->owner("layer3.0.conv1.weight"), nobody);
  EXPECT_EQ(shared->owner("fc.weight"), nobody);
  EXPECT_EQ(shared->owner("mmtm2.squeeze.weight"), nobody);
  EXPECT_EQ(shared->owner("mmtm2.excite_1.weight"), 1);
  EXPECT_EQ(own->owner("layer3_0.0.conv1.weight"), 0);
  EXPECT_EQ(own->owner("layer4_1.1.bn2.bias"), 1);
  EXPECT_EQ(own->owner("fc_1.bias"), 1);
  for (const auto& fusion : {shared, own}) {
    for (const auto& item : fusion->named_parameters()) {
      EXPECT_EQ(fusion->in_encoder(item.key()), item.key().find("layer3_") == 0 || item.key().find("layer4_") == 0)
          << item.key();
    }
  }
}

const std::vector<ModalityInfo> kInfos = {
    {"a", "audio", {1, 24, 40}}, {"v", "image", {3, 48, 40}}, {"x", "vector", {5}}};

TEST(Mmtm, AnyNumberOfModalities) {
  for (const char* options : {"", ":share-late=false", ":heads=branch", ":ratio=4:gate-gain=2"}) {
    for (const size_t modalities : {1, 2, 3}) {
      const std::vector<ModalityInfo> infos(kInfos.begin(), kInfos.begin() + static_cast<int64_t>(modalities));
      Model net = model(std::string("mmtm:width=4") + options, infos, 3);
      for (const int64_t rows : {1, 3}) {
        const Outputs outputs = net.forward(example_batch(infos, rows, 3, 1), true);
        EXPECT_EQ(outputs.fused.sizes(), (std::vector<int64_t>{rows, 3})) << options;
        EXPECT_EQ(outputs.unimodal.size(), modalities);
      }
    }
  }
}

TEST(Mmtm, OneModalityHasNothingToTransfer) {
  Model net = model("mmtm:width=4", {kInfos[1]}, 3);
  for (const auto& item : net.fusion().named_parameters()) EXPECT_EQ(item.key().find("mmtm"), std::string::npos);
  net.eval();
  const Outputs outputs = net.forward(example_batch({kInfos[1]}, 2, 3, 1), true);
  EXPECT_TRUE(torch::equal(outputs.fused, outputs.unimodal[0]));
}

// Rows without a modality touch neither the BatchNorm of its own late stages nor any of its parameters.
TEST(Mmtm, AbsentModality) {
  for (const char* heads : {"joint", "branch"}) {
    Model net = model(fmt::format("mmtm:width=4:share-late=false:heads={}", heads), kInfos, 3);
    Batch batch = example_batch(kInfos, 3, 3, 1);
    batch.present = torch::tensor({{1, 1, 0}, {1, 0, 0}, {1, 1, 0}}).to(torch::kBool);
    const Outputs outputs = net.forward(batch, false);
    torch::nn::functional::cross_entropy(outputs.fused, batch.labels).backward();
    for (const OwnedParameter& parameter : net.ownership()) {
      const Tensor& gradient = parameter.value.grad();
      const bool any = gradient.defined() && gradient.abs().max().item<double>() > 0;
      EXPECT_FALSE(any && parameter.owner == 2) << parameter.name;
      EXPECT_TRUE(any || parameter.name != "fusion.layer3_1.0.conv1.weight");
    }
    const auto buffers = net.fusion().named_buffers();
    EXPECT_EQ(buffers["layer3_1.0.bn1.num_batches_tracked"].item<int64_t>(), 1);
    EXPECT_EQ(buffers["layer3_2.0.bn1.num_batches_tracked"].item<int64_t>(), 0);
  }
}

// What a row gets does not depend on which other rows lack a modality.
TEST(Mmtm, AbsentRowsLeaveTheOthersAlone) {
  Model net = model("mmtm:width=4", kInfos, 3);
  net.eval();
  Batch batch = example_batch(kInfos, 3, 3, 1);
  const Tensor complete = net.forward(batch, false).fused;
  batch.present = torch::tensor({{1, 1, 1}, {1, 0, 1}, {0, 0, 0}}).to(torch::kBool);
  const Tensor some = net.forward(batch, false).fused;
  EXPECT_LT(relative_error(some[0], complete[0]), 1e-5);
  EXPECT_GT(relative_error(some[1], complete[1]), 1e-3);
  EXPECT_TRUE(torch::equal(some[2], net.fusion().named_parameters()["fc.bias"]));
}

TEST(Mmtm, ASingleRowLeavesBatchNormAlone) {
  Model net = model("mmtm:width=4", kInfos, 3);
  net.forward(example_batch(kInfos, 1, 3, 1), true);
  for (const auto& item : net.fusion().named_buffers()) {
    if (!item.key().ends_with("num_batches_tracked")) continue;
    EXPECT_EQ(item.value().item<int64_t>(), 0) << item.key();
  }
  for (const auto& part : net.fusion().modules()) EXPECT_TRUE(part->is_training());
}

TEST(Mmtm, UnequalWidthsNeedLateStagesOfTheirOwn) {
  testing::expect_error(ErrorKind::usage, {"mmtm", "share-late", "128", "64"}, [] { mmtm("", {128, 64}); });
  const auto fusion = mmtm(":width=2:share-late=false", {3, 5});
  EXPECT_EQ(fusion->named_parameters()["layer3_1.0.conv1.weight"].sizes(), (std::vector<int64_t>{8, 5, 3, 3}));
  const Tensor a = torch::randn({2, 3, 4, 6}), b = torch::randn({2, 5, 8, 3});  // sizes need not agree either
  EXPECT_EQ(fusion->forward({{a, a.mean({2, 3})}, {b, b.mean({2, 3})}}, torch::ones({2, 2}, torch::kBool)).sizes(),
            (std::vector<int64_t>{2, 2}));
  testing::expect_error(ErrorKind::usage, {"gate-gain"}, [] { mmtm(":gate-gain=3", {1, 1}); });
  testing::expect_error(ErrorKind::usage, {"heads", "joint"}, [] { mmtm(":heads=both", {1, 1}); });
}

}  // namespace
}  // namespace pdmp::models
