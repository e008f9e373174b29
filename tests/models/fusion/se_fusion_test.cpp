#include <gtest/gtest.h>
#include <torch/nn/functional/upsampling.h>

#include "base/spec.h"
#include "pdmp/model.h"
#include "support/example_batch.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using testing::example_batch;
using testing::relative_error;

std::shared_ptr<Fusion> se_fusion(const std::string& options, const std::vector<int64_t>& widths) {
  return configure(fusion_table(), "fusion", "se_fusion" + options, "fusion")->make(widths, 2);
}

void set(Fusion& fusion, const std::string& name, const Tensor& value) {
  const torch::NoGradGuard no_grad;
  fusion.named_parameters()[name].copy_(value.view_as(fusion.named_parameters()[name]));
}

// Stages without their 3x3 convolutions, BatchNorm the identity: what remains is ReLU after the 1x1 projections.
void reduce_to_projections(Fusion& fusion) {
  const torch::NoGradGuard no_grad;
  for (const auto& item : fusion.named_parameters()) {
    const bool norm = item.key().find(".bn") != std::string::npos || item.key().ends_with("downsample.1.weight");
    item.value().fill_(norm && item.key().ends_with("weight") ? 1 : 0);
  }
  for (const auto& item : fusion.named_buffers()) {
    if (item.key().ends_with("running_var")) item.value().fill_(1 - 1e-5);
  }
  fusion.eval();
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

// models.md 5.1.
TEST(SeFusion, ParameterCounts) {
  std::vector<ModalityInfo> infos = {{"a", "image", {3, 32, 32}}, {"b", "image", {3, 32, 32}}};
  Model pair = model("se_fusion", infos, 6);
  EXPECT_EQ(parameters_of(pair), 12179350);
  EXPECT_EQ(parameters_of(pair.encoder(0)), 677576);
  EXPECT_EQ(parameters_of(pair.fusion()), 10821120 + 3078);
  infos.push_back({"c", "image", {3, 32, 32}});
  EXPECT_EQ(parameters_of(model("se_fusion", infos, 6)), 13184606);
}

// By hand. Map a has the values 1 and 3 where the strides look, b is a feature without a map, 2 everywhere.
//   layer3: u = (1, 2) -> relu(a, b, a + b, a - b) = (1, 2, 3, 0);  (3, 2) -> (3, 2, 5, 1)
//   layer4: v -> relu(v1, v2, v3, v4, sum of v, -v1, v2 / 2, 0) = (1, 2, 3, 0, 6, 0, 1, 0);  (3, 2, 5, 1, 11, 0, 1, 0)
//   mean: (2, 2, 4, 0.5, 8.5, 0, 1, 0);  logits: its sum + 0.5, and the fourth
// With b zero the mean is (2, 0, 2, 2, 6, 0, 0, 0), with a zero (0, 2, 2, 0, 4, 0, 1, 0).
TEST(SeFusion, ReferenceOfOneChannelEach) {
  const auto fusion = se_fusion(":width=1", {1, 1});
  reduce_to_projections(*fusion);
  set(*fusion, "layer3.0.downsample.0.weight", torch::tensor({1.0F, 0.0F, 0.0F, 1.0F, 1.0F, 1.0F, 1.0F, -1.0F}));
  Tensor projection = torch::zeros({8, 4});
  for (const int64_t i : {0, 1, 2, 3}) projection[i][i] = 1;
  projection[4] = 1;
  projection[5][0] = -1;
  projection[6][1] = 0.5;
  set(*fusion, "layer4.0.downsample.0.weight", projection);
  set(*fusion, "fc.weight", torch::stack({torch::ones({8}), torch::eye(8)[3]}));
  set(*fusion, "fc.bias", torch::tensor({0.5F, 0.0F}));

  const Tensor a = torch::tensor({1.0F, 9.0F, 9.0F, 9.0F, 3.0F, 9.0F, 9.0F, 9.0F}).view({1, 1, 1, 8});
  const std::vector<Feature> features = {{a, a.mean({2, 3})}, {{}, torch::tensor({{2.0F}})}};
  const Tensor present = torch::ones({1, 2}, torch::kBool);
  const auto expect_row = [](const Tensor& logits, float first, float second) {
    EXPECT_TRUE(torch::allclose(logits, torch::tensor({{first, second}}), 1e-5, 1e-5)) << logits;
  };
  expect_row(fusion->forward(features, present), 18.5F, 0.5F);
  const std::vector<Tensor> unimodal = fusion->unimodal_logits(features, present);
  expect_row(unimodal[0], 12.5F, 2.0F);
  expect_row(unimodal[1], 9.5F, 0.0F);
}

TEST(SeFusion, MapsAreBroughtToTheLargestBilinearly) {
  const auto fusion = se_fusion(":width=2", {4, 3, 2});
  fusion->eval();
  const Tensor small = torch::randn({2, 4, 2, 3}), large = torch::randn({2, 3, 4, 7}), point = torch::randn({2, 2});
  const Tensor present = torch::ones({2, 3}, torch::kBool);
  namespace functional = torch::nn::functional;
  const Tensor resized = functional::interpolate(small, functional::InterpolateFuncOptions()
                                                            .size(std::vector<int64_t>{4, 7})
                                                            .mode(torch::kBilinear)
                                                            .align_corners(false));
  const Tensor repeated = point.view({2, 2, 1, 1}).repeat({1, 1, 4, 7});
  const auto feature = [](const Tensor& map) { return Feature{map, map.mean({2, 3})}; };
  EXPECT_LT(relative_error(fusion->forward({feature(small), feature(large), {{}, point}}, present),
                           fusion->forward({feature(resized), feature(large), feature(repeated)}, present)),
            1e-6);
}

// The gradient of every modality's map comes back in its own size.
TEST(SeFusion, GradientsThroughTheJunction) {
  const auto fusion = se_fusion(":width=2", {4, 2});
  const Tensor map = torch::randn({3, 4, 4, 4}, torch::requires_grad()),
               point = torch::randn({3, 2}, torch::requires_grad());
  fusion->forward({{map, map.mean({2, 3})}, {{}, point}}, torch::ones({3, 2}, torch::kBool)).square().sum().backward();
  EXPECT_GT(map.grad().abs().max().item<double>(), 0);
  EXPECT_GT(point.grad().abs().max().item<double>(), 0);
}

TEST(SeFusion, BatchOfOneLeavesBatchNormAlone) {
  const auto fusion = se_fusion(":width=2", {4});
  const Tensor map = torch::randn({1, 4, 1, 1}), present = torch::ones({1, 1}, torch::kBool);
  const Tensor training = fusion->forward({{map, map.mean({2, 3})}}, present);
  for (const auto& item : fusion->named_buffers()) {
    if (!item.key().ends_with("num_batches_tracked")) continue;
    EXPECT_EQ(item.value().item<int64_t>(), 0) << item.key();
  }
  EXPECT_TRUE(fusion->is_training());
  EXPECT_TRUE(fusion->modules().back()->is_training());
  fusion->eval();
  EXPECT_TRUE(torch::equal(fusion->forward({{map, map.mean({2, 3})}}, present), training));
}

const std::vector<ModalityInfo> kInfos = {
    {"a", "audio", {1, 24, 40}}, {"v", "image", {3, 48, 40}}, {"x", "vector", {5}}};

TEST(SeFusion, EverythingInTheFusionIsShared) {
  Model net = model("se_fusion:width=4:se=2", kInfos, 3);
  for (const OwnedParameter& parameter : net.ownership()) {
    EXPECT_EQ(parameter.owner.has_value(), !parameter.name.starts_with("fusion.")) << parameter.name;
    EXPECT_EQ(parameter.in_encoder, parameter.owner.has_value()) << parameter.name;
  }
}

TEST(SeFusion, DefaultFrontsFitEachOther) {
  Model net = model("se_fusion:width=4:se=2", kInfos, 3);
  const Outputs outputs = net.forward(example_batch(kInfos, 2, 3, 1), true);
  EXPECT_EQ(outputs.features[0].map.sizes(), (std::vector<int64_t>{2, 8, 6, 5}));
  EXPECT_EQ(outputs.features[1].map.sizes(), (std::vector<int64_t>{2, 8, 6, 5}));
  EXPECT_EQ(outputs.features[2].pooled.sizes(), (std::vector<int64_t>{2, 8}));
  EXPECT_EQ(outputs.fused.sizes(), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(outputs.unimodal.size(), 3U);
}

TEST(SeFusion, OneModalityIsFrontAndTrunk) {
  Model net = model("se_fusion", {kInfos[1]}, 6);
  EXPECT_EQ(parameters_of(net.fusion()), 10821120 + 3078 - 128 * 256 * (9 + 1));
  net.eval();
  const Outputs outputs = net.forward(example_batch({kInfos[1]}, 2, 6, 1), true);
  EXPECT_TRUE(torch::equal(outputs.unimodal[0], outputs.fused));
}

// What an absent modality leaves behind is a zero map: fused = its unimodal logits, and no gradient for it.
TEST(SeFusion, AbsentModality) {
  Model net = model("se_fusion:width=4:se=2", kInfos, 3);
  net.eval();
  Batch batch = example_batch(kInfos, 2, 3, 1);
  batch.present = torch::tensor({{0, 1, 0}, {1, 0, 0}}).to(torch::kBool);
  const Outputs outputs = net.forward(batch, true);
  EXPECT_LT(relative_error(outputs.fused[0], outputs.unimodal[1][0]), 1e-5);
  EXPECT_LT(relative_error(outputs.fused[1], outputs.unimodal[0][1]), 1e-5);
  outputs.fused.sum().backward();
  for (const Tensor& parameter : net.modality_parameters(2)) EXPECT_FALSE(parameter.grad().defined());
  for (const Tensor& parameter : net.shared_parameters()) EXPECT_TRUE(parameter.grad().defined());
}

TEST(SeFusion, RefusesOptionsInOneLine) {
  testing::expect_error(ErrorKind::usage, {"se_fusion:size", "HEIGHTxWIDTH", "'big'"}, [] {
    se_fusion(":size=big", {1, 1});
  });
  EXPECT_THROW(se_fusion(":width=0", {1, 1}), Error);
  EXPECT_THROW(se_fusion(":stem=5x5", {1, 1}), Error);
}

}  // namespace
}  // namespace pdmp::models
