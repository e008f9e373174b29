#include <algorithm>
#include <array>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>

#include "pdmp/error.h"
#include "pdmp/model.h"
#include "support/example_batch.h"

namespace pdmp::models {
namespace {

using testing::example_batch;
using testing::in_double;
using testing::relative_error;

std::shared_ptr<Encoder> resnet(const std::string& options, std::vector<int64_t> shape,
                                const std::string& type = "image") {
  return make_encoder("resnet18" + options, {"eye", type, std::move(shape)});
}

int64_t parameters_of(const Encoder& encoder) {
  int64_t total = 0;
  for (const Tensor& parameter : encoder.parameters()) total += parameter.numel();
  return total;
}

// models.md 1.1.
TEST(ResNet18, ParameterCounts) {
  const std::vector<std::pair<int64_t, int64_t>> expected = {{1, 11170240}, {2, 11173376}, {3, 11176512}};
  for (const auto& [channels, count] : expected) {
    const auto encoder = resnet("", {channels, 32, 32});
    EXPECT_EQ(parameters_of(*encoder), count);
    EXPECT_EQ(encoder->parameters().size(), 60U);
    EXPECT_EQ(encoder->width(), 512);
  }
}

TEST(ResNet18, ParameterNamesAreTorchvisions) {
  std::vector<std::string> expected = {"conv1.weight", "bn1.weight", "bn1.bias"};
  for (const int layer : {1, 2, 3, 4}) {
    for (const int block : {0, 1}) {
      std::vector<std::string> parts = {"conv1.weight", "bn1.weight", "bn1.bias",
                                        "conv2.weight", "bn2.weight", "bn2.bias"};
      if (layer > 1 && block == 0)
        parts.insert(parts.end(), {"downsample.0.weight", "downsample.1.weight", "downsample.1.bias"});
      for (const std::string& part : parts) expected.push_back(fmt::format("layer{}.{}.{}", layer, block, part));
    }
  }
  const auto encoder = resnet(":width=2", {3, 8, 8});
  EXPECT_EQ(encoder->named_parameters().keys(), expected);
  EXPECT_TRUE(encoder->named_buffers().contains("layer2.0.downsample.1.num_batches_tracked"));
}

// models.md 1.1, last column of the table of sizes.
TEST(ResNet18, MapSizes) {
  const std::vector<std::array<int64_t, 4>> sizes = {
      {257, 299, 9, 10}, {257, 188, 9, 6}, {257, 1004, 9, 32}, {224, 224, 7, 7}, {112, 112, 4, 4}};
  for (const auto& [height, width, out_height, out_width] : sizes) {
    const Feature feature =
        resnet(":width=1", {1, height, width}, "audio")->forward(torch::randn({1, 1, height, width}));
    EXPECT_EQ(feature.map.sizes(), (std::vector<int64_t>{1, 8, out_height, out_width}));
    EXPECT_EQ(feature.pooled.sizes(), (std::vector<int64_t>{1, 8}));
    EXPECT_TRUE(torch::allclose(feature.pooled, feature.map.mean({2, 3})));
  }
}

TEST(ResNet18, FramesAreSeenOneByOneAndAveraged) {
  const auto encoder = resnet(":width=4", {3, 3, 48, 40}, "frames");
  encoder->eval();
  const Tensor clips = torch::randn({2, 3, 3, 48, 40});
  const Feature feature = encoder->forward(clips);
  ASSERT_EQ(feature.map.sizes(), (std::vector<int64_t>{2, 32, 2, 2}));
  Tensor map = torch::zeros({2, 32, 2, 2});
  for (const int64_t t : {0, 1, 2}) map += encoder->forward(clips.select(2, t)).map / 3;
  EXPECT_LT(relative_error(feature.map, map), 1e-5);
  EXPECT_LT(relative_error(feature.pooled, map.mean({2, 3})), 1e-5);
}

TEST(ResNet18, TakesFramesBeforeChannelsWhereAsked) {
  const auto usual = resnet(":width=4", {3, 2, 24, 20}, "frames");
  const auto other = resnet(":width=4:layout=BTCHW", {2, 3, 24, 20}, "frames");
  const torch::NoGradGuard no_grad;
  for (const auto& item : usual->named_parameters()) other->named_parameters()[item.key()].copy_(item.value());
  usual->eval();
  other->eval();
  const Tensor x = torch::randn({2, 3, 2, 24, 20});
  EXPECT_TRUE(torch::equal(other->forward(x.transpose(1, 2)).pooled, usual->forward(x).pooled));
}

// In training BatchNorm sees all B * T frames of a batch.
TEST(ResNet18, BatchNormSeesEveryFrame) {
  const auto clips = resnet(":width=2", {1, 3, 8, 8}, "frames"), pictures = resnet(":width=2", {1, 8, 8});
  {
    const torch::NoGradGuard no_grad;
    for (const auto& item : pictures->named_parameters()) item.value().copy_(clips->named_parameters()[item.key()]);
  }
  const Tensor x = torch::randn({2, 1, 3, 8, 8});
  clips->forward(x);
  pictures->forward(x.transpose(1, 2).reshape({6, 1, 8, 8}));
  for (const auto& item : pictures->named_buffers()) {
    EXPECT_TRUE(torch::allclose(item.value(), clips->named_buffers()[item.key()])) << item.key();
  }
}

TEST(ResNet18, Options) {
  const auto encoder = resnet(":width=32:stem=3x3", {2, 16, 16}, "tensor");
  EXPECT_EQ(encoder->width(), 256);
  EXPECT_EQ(encoder->named_parameters()["conv1.weight"].sizes(), (std::vector<int64_t>{32, 2, 3, 3}));
  EXPECT_EQ(resnet("", {2, 16, 16})->named_parameters()["conv1.weight"].sizes(), (std::vector<int64_t>{64, 2, 7, 7}));
}

TEST(ResNet18, RefusalNamesModalityTypeShapeAndWhatFits) {
  try {
    resnet("", {6}, "vector");
    FAIL() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    for (const char* part : {"'eye'", "vector", "(6)", "(C, H, W)", "mlp"})
      EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
  }
}

// torchvision's resnet34 has 21,797,672 parameters, 513,000 of them in the classifier left out here.
TEST(ResNet34, IsTheSameWithDeeperStages) {
  const auto encoder = make_encoder("resnet34", {"eye", "image", {3, 32, 32}});
  EXPECT_EQ(parameters_of(*encoder), 21284672);
  EXPECT_EQ(encoder->width(), 512);
  const auto named = encoder->named_parameters();
  for (const char* last : {"layer1.2", "layer2.3", "layer3.5", "layer4.2"}) {
    EXPECT_TRUE(named.contains(std::string(last) + ".bn2.bias")) << last;
  }
  EXPECT_EQ(encoder->forward(torch::randn({1, 3, 65, 33})).map.sizes(), (std::vector<int64_t>{1, 512, 3, 2}));
  EXPECT_THROW(make_encoder("resnet34", {"eye", "vector", {6}}), Error);
}

// Errors of the loss's gradients against the same model in double precision: the largest over the parameters and
// logits.
double error_against_double(uint64_t seed) {
  const std::vector<ModalityInfo> infos = {{"eye", "image", {3, 48, 40}}};
  Model single(infos, 6, {}, seed), reference(infos, 6, {}, seed);
  reference.to(torch::kFloat64);
  const Batch batch = example_batch(infos, 4, 6, seed);
  const Tensor logits = single.forward(batch, false).fused, exact = reference.forward(in_double(batch), false).fused;
  torch::nn::functional::cross_entropy(logits, batch.labels).backward();
  torch::nn::functional::cross_entropy(exact, batch.labels).backward();
  double worst = relative_error(logits, exact);
  const std::vector<Tensor> a = single.parameters(), b = reference.parameters();
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, relative_error(a[i].grad(), b[i].grad()));
  return worst;
}

// A ReLU whose input is zero to rounding may open in one precision and not in the other, which moves a gradient by some
// 1e-2 of its norm; about one input in eight has such a unit. So two of five inputs must agree to 1e-4.
TEST(ResNet18, ForwardAndBackwardAgreeWithDoublePrecision) {
  std::vector<double> errors;
  for (const uint64_t seed : {0, 1, 2, 3, 4}) errors.push_back(error_against_double(seed));
  std::sort(errors.begin(), errors.end());
  EXPECT_LT(errors[1], 1e-4) << fmt::format("{}", fmt::join(errors, " "));
  EXPECT_LT(errors[4], 0.1);
}

}  // namespace
}  // namespace pdmp::models
