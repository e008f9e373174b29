#include <array>
#include <gtest/gtest.h>
#include <torch/nn/functional/linear.h>
#include <torch/nn/functional/upsampling.h>

#include "pdmp/model.h"
#include "support/example_batch.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using testing::relative_error;

std::shared_ptr<Encoder> front(const std::string& options, std::vector<int64_t> shape,
                               const std::string& type = "image") {
  return make_encoder("resnet18_front" + options, {"eye", type, std::move(shape)});
}

int64_t parameters_of(const Encoder& encoder) {
  int64_t total = 0;
  for (const Tensor& parameter : encoder.parameters()) total += parameter.numel();
  return total;
}

void copy_weights(Encoder& target, const Encoder& source) {
  const torch::NoGradGuard no_grad;
  for (const auto& item : source.named_parameters()) target.named_parameters()[item.key()].copy_(item.value());
}

// models.md 5.1, 6.2.
TEST(ResNet18Front, ParameterCounts) {
  EXPECT_EQ(parameters_of(*front("", {3, 32, 32})), 675392);
  EXPECT_EQ(parameters_of(*front(":se=16", {3, 32, 32})), 677576);
  EXPECT_EQ(parameters_of(*front("", {1, 32, 32})), 675392 - 2 * 64 * 9);
  EXPECT_EQ(parameters_of(*front(":repeat=3", {1, 32, 32})), 675392);
  EXPECT_EQ(parameters_of(*front(":stem=7x7", {3, 32, 32})), 675392 + 3 * 64 * (49 - 9));
}

TEST(ResNet18Front, NamesAreTorchvisions) {
  const auto whole = make_encoder("resnet18:width=8", {"eye", "image", {3, 8, 8}})->named_parameters();
  const auto early = front(":width=8:stem=7x7:se=4", {3, 8, 8})->named_parameters();
  for (const auto& item : early) {
    if (item.key().starts_with("se.")) continue;
    ASSERT_TRUE(whole.contains(item.key())) << item.key();
    EXPECT_EQ(item.value().sizes(), whole[item.key()].sizes()) << item.key();
  }
  EXPECT_TRUE(early.contains("layer2.1.bn2.bias"));
  EXPECT_FALSE(early.contains("layer3.0.conv1.weight"));
  EXPECT_EQ(early["se.fc1.weight"].sizes(), (std::vector<int64_t>{4, 16}));
  EXPECT_EQ(early["se.fc2.bias"].sizes(), (std::vector<int64_t>{16}));
}

// models.md 1.1: layer2 of the table of sizes.
TEST(ResNet18Front, MapSizes) {
  const std::vector<std::array<int64_t, 4>> sizes = {
      {257, 299, 33, 38}, {257, 188, 33, 24}, {224, 224, 28, 28}, {112, 112, 14, 14}};
  for (const auto& [height, width, out_height, out_width] : sizes) {
    const Feature feature =
        front(":width=2", {1, height, width}, "audio")->forward(torch::randn({2, 1, height, width}));
    EXPECT_EQ(feature.map.sizes(), (std::vector<int64_t>{2, 4, out_height, out_width}));
    EXPECT_TRUE(torch::allclose(feature.pooled, feature.map.mean({2, 3})));
  }
}

TEST(ResNet18Front, MapIsWhatTheWholeNetworkHasAfterLayer2) {
  const auto plain = front(":width=4", {3, 48, 40}), gated = front(":width=4:se=2", {3, 48, 40});
  copy_weights(*gated, *plain);
  plain->eval();
  gated->eval();
  const Tensor x = torch::randn({2, 3, 48, 40});
  const Tensor map = plain->forward(x).map;
  EXPECT_EQ(map.sizes(), (std::vector<int64_t>{2, 8, 6, 5}));
  const auto se = gated->named_parameters();
  const Tensor hidden =
      torch::relu(torch::nn::functional::linear(map.mean({2, 3}), se["se.fc1.weight"], se["se.fc1.bias"]));
  const Tensor gate = torch::sigmoid(torch::nn::functional::linear(hidden, se["se.fc2.weight"], se["se.fc2.bias"]));
  EXPECT_LT(relative_error(gated->forward(x).map, map * gate.unsqueeze(2).unsqueeze(3)), 1e-5);
}

// Every frame has a gate of its own; then the maps are averaged.
TEST(ResNet18Front, FramesAreGatedOneByOneAndAveraged) {
  const auto encoder = front(":width=4:se=2:size=24x32", {3, 3, 48, 40}, "frames");
  encoder->eval();
  const Tensor clips = torch::randn({2, 3, 3, 48, 40});
  const Feature feature = encoder->forward(clips);
  ASSERT_EQ(feature.map.sizes(), (std::vector<int64_t>{2, 8, 3, 4}));
  Tensor map = torch::zeros({2, 8, 3, 4});
  for (const int64_t t : {0, 1, 2}) map += encoder->forward(clips.select(2, t)).map / 3;
  EXPECT_LT(relative_error(feature.map, map), 1e-5);
  EXPECT_LT(relative_error(feature.pooled, map.mean({2, 3})), 1e-5);
}

TEST(ResNet18Front, InputIsResizedAndRepeated) {
  const auto adapted = front(":width=4:size=32x24:repeat=3", {1, 50, 31}, "audio");
  const auto plain = front(":width=4", {3, 32, 24});
  copy_weights(*adapted, *plain);
  adapted->eval();
  plain->eval();
  const Tensor x = torch::randn({2, 1, 50, 31});
  namespace functional = torch::nn::functional;
  const Tensor resized = functional::interpolate(x, functional::InterpolateFuncOptions()
                                                        .size(std::vector<int64_t>{32, 24})
                                                        .mode(torch::kBilinear)
                                                        .align_corners(false));
  EXPECT_LT(relative_error(adapted->forward(x).map, plain->forward(resized.repeat({1, 3, 1, 1})).map), 1e-5);
}

// Bilinear, half-pixel centres: four values in a row become two.
TEST(ResNet18Front, ResizeReference) {
  const auto encoder = front(":width=1:size=1x2", {1, 1, 4});
  encoder->eval();
  const Tensor four = torch::tensor({1.0F, 3.0F, 10.0F, 20.0F}).view({1, 1, 1, 4});
  const Tensor two = torch::tensor({2.0F, 15.0F}).view({1, 1, 1, 2});
  EXPECT_TRUE(torch::allclose(encoder->forward(four).map, encoder->forward(two).map, 1e-5, 1e-6));
}

TEST(ResNet18Front, RefusesWhatIsNoPictureAndNoSize) {
  testing::expect_error(ErrorKind::usage, {"'eye'", "resnet18_front", "vector", "(6)"},
                        [] { front("", {6}, "vector"); });
  for (const std::string size : {"64", "64x", "0x8", "8x-1", "8x8x8", "axb"}) {
    testing::expect_error(ErrorKind::usage, {"'eye'", "resnet18_front:size", "HEIGHTxWIDTH", "'" + size + "'"}, [&] {
      front(":size=" + size, {3, 8, 8});
    });
  }
  EXPECT_THROW(front(":se=-1", {3, 8, 8}), Error);
  EXPECT_THROW(front(":stem=5x5", {3, 8, 8}), Error);
}

}  // namespace
}  // namespace pdmp::models
