#include "models/weights/init.h"

#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp::models {
namespace {

Model two_modalities(const std::string& init, uint64_t seed = 3) {
  ModelOptions options;
  options.init = init;
  options.encoders = {{"eye", "resnet18:width=16"}, {"imu", "mlp:hidden=256+128"}};
  return Model({{"eye", "image", {3, 8, 8}}, {"imu", "vector", {64}}}, 6, options, seed);
}

Tensor parameter(const Model& model, const std::string& name) { return model.named_parameters()[name].detach(); }

// models.md 1.4: standard deviations of the three rules, measured on matrices large enough for 4 %.
TEST(Init, GlobalFollowsTheRules) {
  const Model model = two_modalities("global");
  EXPECT_NEAR(parameter(model, "encoders.eye.layer4.0.conv2.weight").std().item<double>(), std::sqrt(2.0 / (128 * 9)),
              2e-4);
  EXPECT_NEAR(parameter(model, "encoders.imu.fc1.weight").std().item<double>(), std::sqrt(2.0 / (64 + 256)), 2e-3);
  EXPECT_EQ(parameter(model, "encoders.imu.fc1.bias").abs().max().item<double>(), 0);
  EXPECT_TRUE(torch::equal(parameter(model, "encoders.eye.bn1.weight"), torch::ones({16})));
  EXPECT_TRUE(torch::equal(parameter(model, "encoders.eye.bn1.bias"), torch::zeros({16})));
  // The head counts as one matrix of 128 + 128 inputs.
  const Tensor head = torch::cat({parameter(model, "fusion.weight_0"), parameter(model, "fusion.weight_1")}, 1);
  EXPECT_NEAR(head.std().item<double>(), std::sqrt(2.0 / (256 + 6)), 5e-3);
  EXPECT_EQ(parameter(model, "fusion.bias").abs().max().item<double>(), 0);
}

TEST(Init, ConstructorKeepsLinearLayersAsLibTorchMakesThem) {
  const Model model = two_modalities("constructor");
  EXPECT_NEAR(parameter(model, "encoders.eye.layer4.0.conv2.weight").std().item<double>(), std::sqrt(2.0 / (128 * 9)),
              2e-4);
  const Tensor norms = torch::cat(
      {parameter(model, "encoders.eye.layer4.0.bn1.weight"), parameter(model, "encoders.eye.layer4.1.bn1.weight")});
  EXPECT_NEAR(norms.mean().item<double>(), 1, 0.01);
  EXPECT_NEAR(norms.std().item<double>(), 0.02, 0.005);
  // Uniform within 1 / sqrt(fan in), and close to filling that interval.
  const Tensor linear = parameter(model, "encoders.imu.fc1.weight").abs();
  EXPECT_LE(linear.max().item<double>(), 1 / std::sqrt(64.0));
  EXPECT_GT(linear.max().item<double>(), 0.99 / std::sqrt(64.0));
  const Tensor head = torch::cat({parameter(model, "fusion.weight_0"), parameter(model, "fusion.weight_1")}, 1).abs();
  EXPECT_LE(head.max().item<double>(), 1 / std::sqrt(256.0));
  EXPECT_GT(head.max().item<double>(), 0.95 / std::sqrt(256.0));
}

TEST(Init, UnknownNameIsUsage) { EXPECT_THROW(two_modalities("globel"), Error); }

class Plain : public torch::nn::Module {
 public:
  Plain() {
    register_module("linear", torch::nn::Linear(3, 2));
    register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(2, 2, 3)));
    register_module("norm", torch::nn::BatchNorm2d(2));
  }
};
class SetsItself : public Plain, public OwnInit {};

TEST(Init, LeavesModulesAloneThatSetThemselves) {
  for (const std::string& init : init_names()) {
    const auto outer = std::make_shared<Plain>();
    outer->register_module("inner", std::make_shared<SetsItself>());
    std::map<std::string, Tensor> before;
    for (const auto& item : outer->named_parameters()) before[item.key()] = item.value().detach().clone();
    initialize(*outer, init);
    for (const auto& item : outer->named_parameters()) {
      const bool same = torch::equal(item.value(), before.at(item.key()));
      if (item.key().starts_with("inner.")) {
        EXPECT_TRUE(same) << init << " " << item.key();
      } else if (item.key() == "conv.weight") {
        EXPECT_FALSE(same) << init;
      }
    }
    EXPECT_EQ(torch::equal(outer->named_parameters()["linear.bias"], torch::zeros({2})), init == "global");
  }
}

TEST(Init, EncoderStartsTheSameWhateverElseThereIs) {
  ModelOptions options;
  options.encoders = {{"imu", "mlp:hidden=256+128"}};
  const Model alone({{"imu", "vector", {64}}}, 2, options, 3);
  const Model pair = two_modalities("global", 3), other = two_modalities("global", 4);
  const std::string name = "encoders.imu.fc2.weight";
  EXPECT_TRUE(torch::equal(parameter(alone, name), parameter(pair, name)));
  EXPECT_FALSE(torch::equal(parameter(other, name), parameter(pair, name)));
}

TEST(Init, GlobalGeneratorGoesOnUndisturbed) {
  torch::manual_seed(5);
  const Tensor expected = torch::rand({4});
  torch::manual_seed(5);
  two_modalities("global");
  EXPECT_TRUE(torch::equal(torch::rand({4}), expected));
}

}  // namespace
}  // namespace pdmp::models
