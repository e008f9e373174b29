#include <cmath>
#include <gtest/gtest.h>

#include "base/spec.h"
#include "pdmp/model.h"
#include "support/example_batch.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using testing::example_batch;
using testing::relative_error;

std::shared_ptr<Fusion> mmformer(const std::string& options, const std::vector<int64_t>& widths, int64_t classes) {
  return configure(fusion_table(), "fusion", "mmformer" + options, "fusion")->make(widths, classes);
}

int64_t count(const torch::nn::Module& module, const std::string& prefix = "") {
  int64_t total = 0;
  for (const auto& item : module.named_parameters()) total += item.key().starts_with(prefix) ? item.value().numel() : 0;
  return total;
}

void set(Fusion& fusion, const std::string& name, const Tensor& value) {
  const torch::NoGradGuard no_grad;
  fusion.named_parameters()[name].copy_(value);
}

// Branches of all blocks end in zeros: models.md 7.4, 2.
void make_blocks_identities(Fusion& fusion) {
  const torch::NoGradGuard no_grad;
  for (const auto& item : fusion.named_parameters()) {
    const bool last =
        item.key().find("attention.proj.") != std::string::npos || item.key().find("fc2.") != std::string::npos;
    if (last) item.value().zero_();
  }
}

std::vector<Feature> of_maps(const std::vector<Tensor>& maps) {
  std::vector<Feature> result;
  for (const Tensor& map : maps) result.push_back({map, map.mean({2, 3})});
  return result;
}

Tensor everyone(int64_t rows, int64_t modalities) { return torch::ones({rows, modalities}, torch::kBool); }

void expect_row(const Tensor& logits, const std::vector<double>& expected) {
  ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{1, static_cast<int64_t>(expected.size())}));
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(logits[0][static_cast<int64_t>(i)].item<double>(), expected[i], 1e-4) << i;
}

// models.md 7.2.
TEST(MmFormer, ParameterCountsOfItsPieces) {
  const auto fusion = mmformer("", {128, 128}, 6);
  for (const std::string m : {"intra_0.", "intra_1."}) {
    EXPECT_EQ(count(*fusion, m + "bn."), 256);
    EXPECT_EQ(count(*fusion, m + "embed."), 590336);
    EXPECT_EQ(count(*fusion, m + "transformer.position"), 100352);
    EXPECT_EQ(count(*fusion, m + "transformer.blocks.0."), 5250048);
  }
  EXPECT_EQ(count(*fusion, "inter.position"), 200704);
  EXPECT_EQ(count(*fusion, "inter.blocks."), 5250048);
  EXPECT_EQ(count(*fusion, "mix."), 77028);
  EXPECT_EQ(count(*fusion, "fc."), 3078);
}

TEST(MmFormer, ParameterCountsOfTheWholeModel) {
  ModelOptions options;
  options.fusion = "mmformer";
  std::vector<ModalityInfo> infos = {{"eye", "image", {3, 224, 224}}, {"ear", "audio", {1, 257, 188}}};
  {
    const Model two(infos, 6, options, 0);
    EXPECT_EQ(count(two), 18763626);
    EXPECT_EQ(count(two, "encoders.eye."), 675392);
    EXPECT_EQ(count(two, "encoders.ear."), 675392);
  }
  infos.push_back({"depth", "image", {3, 112, 112}});
  EXPECT_EQ(count(Model(infos, 6, options, 0)), 25518778);
}

// models.md 7.4, 1: 28x28 (of a picture of 224) and 14x14 (of 112) end in the same 196 tokens.
TEST(MmFormer, TokensOfBothSizes) {
  const auto fusion = mmformer("", {128, 128}, 6);
  fusion->eval();
  const torch::NoGradGuard no_grad;
  const Tensor small = torch::randn({1, 128, 14, 14}), other = torch::randn({1, 128, 14, 14});
  const Tensor large = small.repeat_interleave(2, 2).repeat_interleave(2, 3);
  const Tensor logits = fusion->forward(of_maps({large, other}), everyone(1, 2));
  EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{1, 6}));
  EXPECT_LT(relative_error(logits, fusion->forward(of_maps({small, other}), everyone(1, 2))), 1e-4);
  const auto parameters = fusion->named_parameters();
  EXPECT_EQ(parameters["intra_0.transformer.position"].sizes(), (std::vector<int64_t>{196, 512}));
  EXPECT_EQ(parameters["inter.position"].sizes(), (std::vector<int64_t>{392, 512}));
  EXPECT_EQ(parameters["mix.weight"].sizes(), (std::vector<int64_t>{196, 392}));
}

// One token of two numbers per modality and blocks that are identities. Of a map of one position only the centre of the
// embedding's filter counts; BatchNorm in evaluation mode divides by sqrt(1 + 1e-5), which 1e-4 does not see.
//   modality 0: 3 -> (3, 6), with both positions (4, 7);        zero map: (1, 1), absent: (0, 1)
//   modality 1: -2 -> -0.02 -> (-2, -1), with positions (0, 0); zero map: (2, 1), absent: (2, 0)
std::shared_ptr<Fusion> worked_example() {
  auto fusion = mmformer(":dim=2:heads=1:mlp=1:grid=1", {1, 1}, 2);
  make_blocks_identities(*fusion);
  Tensor first = torch::zeros({2, 1, 3, 3}), second = torch::zeros({2, 1, 3, 3});
  first.select(2, 1).select(2, 1).copy_(torch::tensor({1.0F, 2.0F}).unsqueeze(1));
  second.select(2, 1).select(2, 1).copy_(torch::tensor({100.0F, 50.0F}).unsqueeze(1));
  set(*fusion, "intra_0.embed.weight", first);
  set(*fusion, "intra_1.embed.weight", second);
  for (const std::string m : {"intra_0.", "intra_1."}) set(*fusion, m + "embed.bias", torch::zeros({2}));
  set(*fusion, "intra_0.transformer.position", torch::tensor({{1.0F, 0.0F}}));
  set(*fusion, "intra_1.transformer.position", torch::tensor({{0.0F, 1.0F}}));
  set(*fusion, "inter.position", torch::tensor({{0.0F, 1.0F}, {2.0F, 0.0F}}));
  set(*fusion, "mix.weight", torch::full({1, 2}, 0.5));
  set(*fusion, "mix.bias", torch::zeros({1}));
  set(*fusion, "fc.weight", torch::tensor({{1.0F, 1.0F}, {1.0F, -1.0F}}));
  set(*fusion, "fc.bias", torch::tensor({0.5F, 0.0F}));
  fusion->eval();
  return fusion;
}

const std::vector<Feature> kExample = of_maps({torch::full({1, 1, 1, 1}, 3.0), torch::full({1, 1, 1, 1}, -2.0)});

// models.md 7.4, 2: the classifier applied to the mean of all vectors.
TEST(MmFormer, WorkedExample) {
  const auto fusion = worked_example();
  expect_row(fusion->forward(kExample, everyone(1, 2)), {6.0, -1.5});  // of (4, 7) and (0, 0): (2, 3.5)
  const std::vector<Tensor> alone = fusion->unimodal_logits(kExample, everyone(1, 2));
  ASSERT_EQ(alone.size(), 2u);
  expect_row(alone[0], {7.5, -1.0});  // of (4, 7) and (2, 1): (3, 4)
  expect_row(alone[1], {1.5, 0.0});   // of (1, 1) and (0, 0): (0.5, 0.5)
}

TEST(MmFormer, WorkedExampleWithoutAModality) {
  const auto fusion = worked_example();
  const Tensor present = torch::tensor({false, true}).unsqueeze(0);
  expect_row(fusion->forward(kExample, present), {1.0, -0.5});  // of (0, 1) and (0, 0): (0, 0.5)
  const std::vector<Tensor> alone = fusion->unimodal_logits(kExample, present);
  expect_row(alone[0], {2.5, 0.0});  // of (0, 1) and (2, 1): (1, 1)
  expect_row(alone[1], {1.5, 0.0});
}

// models.md 7.4, 3.
TEST(MmFormer, MixesTokens) {
  const auto fusion = mmformer(":dim=4:heads=2:mlp=1:grid=1", {2, 1, 3}, 4);
  make_blocks_identities(*fusion);
  for (const int64_t m : {0, 1, 2}) {
    const std::string embed = "intra_" + std::to_string(m) + ".embed.";
    set(*fusion, embed + "weight", torch::zeros({1}));
    set(*fusion, embed + "bias", torch::arange(4 * m, 4 * m + 4, torch::kFloat32));
  }
  set(*fusion, "mix.weight", torch::tensor({{1.0F, 0.0F, -1.0F}}));
  set(*fusion, "mix.bias", torch::tensor({0.5F}));
  set(*fusion, "fc.weight", torch::eye(4));
  set(*fusion, "fc.bias", torch::zeros({4}));
  fusion->eval();
  const std::vector<Feature> features =
      of_maps({torch::randn({1, 2, 3, 3}), torch::randn({1, 1, 1, 1}), torch::randn({1, 3, 2, 5})});
  expect_row(fusion->forward(features, everyone(1, 3)), {-7.5, -7.5, -7.5, -7.5});
}

const char* const kTiny = ":dim=8:heads=2:mlp=16:grid=2:dropout=0";

std::vector<Feature> random_features(int64_t rows) {
  return of_maps({torch::randn({rows, 3, 4, 6}), torch::randn({rows, 2, 1, 5})});
}

TEST(MmFormer, OneModalityIsItsOwnUnimodalModel) {
  const auto fusion = mmformer(kTiny, {3}, 4);
  fusion->eval();
  const std::vector<Feature> features = of_maps({torch::randn({5, 3, 4, 6})});
  const Tensor fused = fusion->forward(features, everyone(5, 1));
  EXPECT_EQ(fused.sizes(), (std::vector<int64_t>{5, 4}));
  EXPECT_TRUE(torch::equal(fusion->unimodal_logits(features, everyone(5, 1))[0], fused));
}

// Encoders without a map: the pooled feature is repeated over the grid.
TEST(MmFormer, TakesFeaturesWithoutMaps) {
  const auto fusion = mmformer(kTiny, {3, 5}, 4);
  fusion->eval();
  const Tensor map = torch::randn({2, 3, 4, 4}), pooled = torch::randn({2, 5});
  const Tensor logits = fusion->forward({{map, map.mean({2, 3})}, {{}, pooled}}, everyone(2, 2));
  const Tensor repeated = pooled.view({2, 5, 1, 1}).expand({2, 5, 3, 7});
  EXPECT_LT(relative_error(logits, fusion->forward({{map, map.mean({2, 3})}, {repeated, pooled}}, everyone(2, 2))),
            1e-5);
}

TEST(MmFormer, AbsentRowsCountNowhere) {
  const Tensor present = torch::tensor({true, true, true, false, true, true, true, false}).view({4, 2});
  std::vector<Feature> features = random_features(4), others = features;
  others[1].map = features[1].map.clone();
  for (const int64_t row : {1, 3}) others[1].map[row].add_(7);
  features[1].map.requires_grad_();

  const auto a = mmformer(kTiny, {3, 2}, 4), b = mmformer(kTiny, {3, 2}, 4);
  for (const auto& item : b->named_parameters()) set(*b, item.key(), a->named_parameters()[item.key()]);
  const Tensor of_a = a->forward(features, present), of_b = b->forward(others, present);
  EXPECT_TRUE(torch::equal(of_a, of_b));
  of_a.pow(2).sum().backward();
  of_b.pow(2).sum().backward();
  for (const auto& item : a->named_parameters())
    EXPECT_TRUE(torch::equal(item.value().grad(), b->named_parameters()[item.key()].grad())) << item.key();
  for (const auto& item : a->named_buffers())
    EXPECT_TRUE(torch::equal(item.value(), b->named_buffers()[item.key()])) << item.key();
  const Tensor gradient = features[1].map.grad().abs().amax({1, 2, 3});
  EXPECT_EQ(gradient[1].item<double>(), 0);
  EXPECT_EQ(gradient[3].item<double>(), 0);
  EXPECT_GT(gradient[0].item<double>(), 0);
}

TEST(MmFormer, NobodyHasTheModality) {
  const auto fusion = mmformer(kTiny, {3, 2}, 4);
  const Tensor present = torch::tensor({true, false}).expand({4, 2});
  const Tensor statistics = fusion->named_buffers()["intra_1.bn.running_var"].clone();
  const Tensor fused = fusion->forward(random_features(4), present);
  EXPECT_TRUE(fused.isfinite().all().item<bool>());
  fused.pow(2).sum().backward();
  for (const auto& item : fusion->named_parameters())
    EXPECT_EQ(item.value().grad().defined(), !item.key().starts_with("intra_1.")) << item.key();
  EXPECT_TRUE(torch::equal(fusion->named_buffers()["intra_1.bn.running_var"], statistics));
  for (const Tensor& logits : fusion->unimodal_logits(random_features(4), present))
    EXPECT_TRUE(logits.isfinite().all().item<bool>());
}

// A grid of one has a single value per channel then: BatchNorm takes its running statistics and keeps them.
TEST(MmFormer, BatchOfOneInTraining) {
  for (const std::string options : {":dim=8:heads=2:mlp=16:grid=2", ":dim=8:heads=2:mlp=16:grid=1"}) {
    const auto fusion = mmformer(options, {3, 2}, 4);
    const std::vector<Feature> features = random_features(1);
    EXPECT_TRUE(fusion->forward(features, everyone(1, 2)).isfinite().all().item<bool>());
    const bool updated = fusion->named_buffers()["intra_0.bn.num_batches_tracked"].item<int64_t>() > 0;
    EXPECT_EQ(updated, options.ends_with("grid=2"));
    for (const Tensor& logits : fusion->unimodal_logits(features, everyone(1, 2)))
      EXPECT_TRUE(logits.isfinite().all().item<bool>());
    for (const auto& part : fusion->modules(false)) EXPECT_TRUE(part->is_training());
  }
}

// models.md 7.4, 6. The fronts' BatchNorm has seen something, so that a picture of zeros is not a map of zeros.
TEST(MmFormer, ZeroFillIsNotAZeroInput) {
  const std::vector<ModalityInfo> infos = {{"eye", "image", {3, 32, 32}}, {"ear", "audio", {1, 24, 40}}};
  ModelOptions options;
  options.fusion = "mmformer:dim=8:heads=2:mlp=16:grid=2:width=4";
  Model model(infos, 4, options, 0);
  Batch batch = example_batch(infos, 4, 4, 1);
  model.forward(batch, false);
  model.eval();
  const Outputs outputs = model.forward(batch, true);
  batch.inputs[1].zero_();
  EXPECT_GT(relative_error(model.forward(batch, false).fused, outputs.unimodal[0]), 1e-4);
}

// models.md 3: everything up to the tokens of one modality is that modality's encoder.
TEST(MmFormer, Owners) {
  const auto fusion = mmformer(kTiny, {3, 2}, 4);
  EXPECT_EQ(fusion->owner("intra_0.bn.weight"), 0);
  EXPECT_EQ(fusion->owner("intra_1.transformer.blocks.0.fc1.bias"), 1);
  EXPECT_TRUE(fusion->in_encoder("intra_1.embed.bias"));
  for (const std::string name : {"inter.position", "inter.blocks.0.fc1.bias", "mix.weight", "fc.bias"}) {
    EXPECT_EQ(fusion->owner(name), std::nullopt) << name;
    EXPECT_FALSE(fusion->in_encoder(name)) << name;
  }
}

// models.md 7.3.
TEST(MmFormer, InitialValues) {
  ModelOptions options;
  options.fusion = "mmformer:dim=32:heads=2:mlp=64:grid=4";
  Model model({{"a", "vector", {6}}, {"b", "vector", {4}}}, 5, options, 0);
  const auto parameters = model.fusion().named_parameters();
  for (const std::string name :
       {"intra_0.transformer.position", "intra_1.transformer.position", "inter.position", "fc.bias", "intra_0.bn.bias"})
    EXPECT_EQ(parameters[name].abs().max().item<double>(), 0) << name;
  // Uniform in 1 / sqrt(fan in), the biases too.
  EXPECT_LE(parameters["mix.weight"].abs().max().item<double>(), 1 / std::sqrt(32.0));
  EXPECT_GT(parameters["mix.bias"].abs().max().item<double>(), 0);
  EXPECT_LE(parameters["inter.blocks.0.attention.qkv.weight"].abs().max().item<double>(), 1 / std::sqrt(32.0));
  EXPECT_GT(parameters["inter.blocks.0.fc1.bias"].abs().max().item<double>(), 0);
  EXPECT_NEAR(parameters["intra_0.embed.weight"].std().item<double>(), std::sqrt(2.0 / (32 * 9)), 2e-3);
}

TEST(MmFormer, AsksForFrontsWithoutGates) {
  const auto options = configure(fusion_table(), "fusion", "mmformer:width=16", "fusion");
  const ModalityInfo eye = {"eye", "image", {3, 64, 48}}, ear = {"ear", "audio", {1, 257, 188}},
                     imu = {"imu", "vector", {6}};
  EXPECT_EQ(options->encoder(eye, {ear, eye, imu}), "resnet18_front:width=16:stem=3x3:size=64x48");
  EXPECT_EQ(options->encoder(ear, {ear, eye, imu}), "resnet18_front:width=16:stem=3x3:size=64x48:repeat=3");
  EXPECT_EQ(make_encoder(options->encoder(imu, {ear, eye, imu}), imu)->width(), 32);
}

TEST(MmFormer, SaysWhatDoesNotFit) {
  testing::expect_error(ErrorKind::usage, {"mmformer", "dim=10", "heads=4"}, [] {
    mmformer(":dim=10:heads=4", {3, 2}, 4);
  });
  testing::expect_error(ErrorKind::usage, {"mmformer", "size", "64"}, [] { mmformer(":size=64", {3, 2}, 4); });
  testing::expect_error(ErrorKind::usage, {"gelu", "tnah", "tanh"}, [] { mmformer(":gelu=tnah", {3, 2}, 4); });
}

}  // namespace
}  // namespace pdmp::models
