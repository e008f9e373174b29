#include <cmath>
#include <gtest/gtest.h>

#include "pdmp/model.h"
#include "support/example_batch.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using testing::relative_error;

std::shared_ptr<Encoder> mobilenet(std::vector<int64_t> shape, const std::string& type = "image") {
  return make_encoder("mobilenet_v3_small", {"eye", type, std::move(shape)});
}

int64_t count(const torch::nn::Module& module) {
  int64_t total = 0;
  for (const Tensor& parameter : module.parameters()) total += parameter.numel();
  return total;
}

// Without classifier; torchvision's whole network has 2,542,856, of which its classifier is 1,615,848.
TEST(MobileNetV3Small, ParameterCounts) {
  EXPECT_EQ(count(*mobilenet({3, 64, 64})), 927008);
  EXPECT_EQ(count(*mobilenet({1, 64, 64})), 926720);
  EXPECT_EQ(mobilenet({3, 64, 64})->parameters().size(), 138u);
  EXPECT_EQ(mobilenet({3, 64, 64})->width(), 576);
}

TEST(MobileNetV3Small, NamesAndShapesAreTorchvisions) {
  const auto encoder = mobilenet({3, 64, 64});
  const auto parameters = encoder->named_parameters();
  const std::vector<std::pair<std::string, std::vector<int64_t>>> expected = {
      {"features.0.0.weight", {16, 3, 3, 3}},
      {"features.0.1.bias", {16}},
      {"features.1.block.0.0.weight", {16, 1, 3, 3}},
      {"features.1.block.1.fc1.weight", {8, 16, 1, 1}},
      {"features.1.block.1.fc2.bias", {16}},
      {"features.1.block.2.1.weight", {16}},
      {"features.2.block.0.0.weight", {72, 16, 1, 1}},
      {"features.2.block.2.0.weight", {24, 72, 1, 1}},
      {"features.5.block.2.fc1.weight", {64, 240, 1, 1}},
      {"features.7.block.2.fc1.weight", {32, 120, 1, 1}},
      {"features.8.block.2.fc2.weight", {144, 40, 1, 1}},
      {"features.9.block.1.0.weight", {288, 1, 5, 5}},
      {"features.11.block.3.0.weight", {96, 576, 1, 1}},
      {"features.12.0.weight", {576, 96, 1, 1}}};
  for (const auto& [name, shape] : expected) {
    ASSERT_TRUE(parameters.contains(name)) << name;
    EXPECT_EQ(parameters[name].sizes(), shape) << name;
  }
  EXPECT_TRUE(encoder->named_buffers().contains("features.12.1.num_batches_tracked"));
}

// Every parameter a sine wave of its own.
void fill_with_waves(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  int64_t i = 0;
  for (const auto& item : module.named_parameters()) {
    Tensor value = item.value();
    const Tensor wave = torch::sin(torch::arange(value.numel(), torch::kFloat64) * 0.37 + i++).view(value.sizes());
    if (value.dim() == 4) {
      value.copy_(wave * std::sqrt(2.0 / static_cast<double>(value[0].numel())));
    } else if (item.key().find(".fc") != std::string::npos) {
      value.copy_(wave);
    } else if (item.key().ends_with("bias")) {
      value.copy_(0.1 * wave);
    } else {
      value.copy_(1 + 0.1 * wave);
    }
  }
}

void expect_numbers(const Tensor& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.numel(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(found[static_cast<int64_t>(i)].item<double>(), expected[i], 1e-7) << i;
}

// Computed with a network written down a second time in Python, in double precision.
TEST(MobileNetV3Small, ReferenceNumbers) {
  const auto encoder = mobilenet({3, 64, 48});
  encoder->to(torch::kFloat64);
  fill_with_waves(*encoder);
  const Tensor x = torch::sin(torch::arange(2 * 3 * 64 * 48, torch::kFloat64) * 0.37 - 1).view({2, 3, 64, 48});
  encoder->eval();
  const Feature feature = encoder->forward(x);
  ASSERT_EQ(feature.map.sizes(), (std::vector<int64_t>{2, 576, 2, 2}));
  expect_numbers(feature.map[0].slice(0, 0, 4).select(1, 0).select(1, 0),
                 {0.003862512, 0.931544194, -0.367479548, 0.310035394});
  expect_numbers(feature.map[1][575].flatten(), {0.469611885, 0.427431781, 0.433226182, 0.298459517});
  expect_numbers(feature.pooled[1].slice(0, 0, 3), {0.031551904, 0.853239244, -0.369877309});
  EXPECT_NEAR(feature.map.norm().item<double>(), 51.309061838, 1e-6);

  encoder->train();
  const Tensor map = encoder->forward(x).map;
  expect_numbers(map[0].slice(0, 0, 4).select(1, 0).select(1, 0),
                 {0.647853659, -0.355109695, 0.465552650, 0.390306970});
  EXPECT_NEAR(map.norm().item<double>(), 37.679877230, 1e-6);
}

TEST(MobileNetV3Small, RunningStatisticsMoveByAHundredth) {
  const auto encoder = mobilenet({1, 32, 32});
  encoder->forward(torch::randn({4, 1, 32, 32}) + 3);
  const Tensor before = encoder->named_buffers()["features.12.1.running_var"];
  EXPECT_GT(before.min().item<double>(), 0.98);
}

TEST(MobileNetV3Small, FramesAreSeenOneByOneAndAveraged) {
  const auto encoder = mobilenet({2, 3, 40, 32}, "flow");
  encoder->eval();
  const Tensor clips = torch::randn({2, 2, 3, 40, 32});
  const Feature feature = encoder->forward(clips);
  ASSERT_EQ(feature.map.sizes(), (std::vector<int64_t>{2, 576, 2, 1}));
  Tensor map = torch::zeros({2, 576, 2, 1});
  for (const int64_t t : {0, 1, 2}) map += encoder->forward(clips.select(2, t)).map / 3;
  EXPECT_LT(relative_error(feature.map, map), 1e-5);
  EXPECT_LT(relative_error(feature.pooled, map.mean({2, 3})), 1e-5);
}

TEST(MobileNetV3Small, TakesPicturesOnly) {
  EXPECT_EQ(mobilenet({1, 8, 8}, "audio")->forward(torch::randn({2, 1, 8, 8})).pooled.sizes(),
            (std::vector<int64_t>{2, 576}));
  testing::expect_error(ErrorKind::usage, {"'eye'", "mobilenet_v3_small", "pictures", "tensor", "(6, 9)", "conv1d"},
                        [] {
                          mobilenet({6, 9}, "tensor");
                        });
}

}  // namespace
}  // namespace pdmp::models
