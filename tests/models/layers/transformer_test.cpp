#include "models/layers/transformer.h"

#include <cmath>
#include <gtest/gtest.h>
#include <torch/nn/functional/linear.h>

#include "support/example_batch.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using testing::relative_error;

void set(torch::nn::Module& module, const std::string& name, const Tensor& value) {
  const torch::NoGradGuard no_grad;
  module.named_parameters()[name].copy_(value);
}

// sin(step), sin(2 step), ...: numbers that any language makes the same.
Tensor wave(const std::vector<int64_t>& shape, double step) {
  const int64_t count = c10::multiply_integers(shape);
  return torch::sin(torch::arange(1, count + 1, torch::kFloat64) * step).view(shape);
}

Tensor rows(const std::vector<double>& values, int64_t count) {
  return torch::tensor(values, torch::kFloat64).view({1, count, -1});
}

// Every parameter another wave. Width 4, two heads, six hidden units.
TransformerBlock waves(const std::string& gelu, double dropout = 0) {
  TransformerBlock block(
      TransformerSizes{.dim = 4, .heads = 2, .mlp = 6, .depth = 1, .dropout = dropout, .gelu = gelu});
  block->to(torch::kFloat64);
  set(*block, "attention.qkv.weight", wave({12, 4}, 0.3));
  set(*block, "attention.proj.weight", wave({4, 4}, 0.5));
  set(*block, "attention.proj.bias", wave({4}, 0.9));
  set(*block, "fc1.weight", wave({6, 4}, 0.4));
  set(*block, "fc1.bias", wave({6}, 1.1));
  set(*block, "fc2.weight", wave({4, 6}, 0.6));
  set(*block, "fc2.bias", wave({4}, 1.3));
  set(*block, "norm1.weight", 1 + 0.1 * wave({4}, 1.7));
  set(*block, "norm1.bias", 0.1 * wave({4}, 1.9));
  set(*block, "norm2.weight", 1 + 0.1 * wave({4}, 2.1));
  set(*block, "norm2.bias", 0.1 * wave({4}, 2.3));
  return block;
}

void remove_branches(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (const auto& item : module.named_parameters()) {
    const bool last =
        item.key().find("attention.proj.") != std::string::npos || item.key().find("fc2.") != std::string::npos;
    if (last) item.value().zero_();
  }
}

// models.md 7.4, 4.
TEST(SelfAttention, ReferenceOfOneHead) {
  SelfAttention attention(2, 1, 0.0);
  set(*attention, "qkv.weight", torch::eye(2).repeat({3, 1}));
  set(*attention, "proj.weight", torch::eye(2));
  set(*attention, "proj.bias", torch::zeros({2}));
  const Tensor result = attention->forward(torch::eye(2).unsqueeze(0));
  EXPECT_TRUE(torch::allclose(result, torch::tensor({0.6698F, 0.3302F, 0.3302F, 0.6698F}).view({1, 2, 2}), 0, 5e-5));
}

// models.md 7.4, 5. LayerNorm of weight 0 puts out its bias, whatever comes in.
TEST(TransformerBlock, ReferenceOfGelu) {
  TransformerSizes sizes{.dim = 3, .heads = 1, .mlp = 3, .depth = 1, .dropout = 0};
  for (const std::string gelu : {"tanh", "exact"}) {
    sizes.gelu = gelu;
    TransformerBlock block(sizes);
    remove_branches(*block);
    set(*block, "norm2.weight", torch::zeros({3}));
    set(*block, "norm2.bias", torch::tensor({-1.0F, 0.5F, 2.0F}));
    set(*block, "fc1.weight", torch::eye(3));
    set(*block, "fc1.bias", torch::zeros({3}));
    set(*block, "fc2.weight", torch::eye(3));
    const Tensor expected = gelu == "tanh" ? torch::tensor({-0.158808F, 0.345714F, 1.954598F})
                                           : torch::tensor({-0.158655F, 0.345731F, 1.954500F});
    EXPECT_TRUE(torch::allclose(block->forward(torch::zeros({1, 1, 3})).flatten(), expected, 0, 2e-6)) << gelu;
  }
}

// models.md 7.4, 2.
TEST(TransformerBlock, IsTheIdentityWithoutItsBranches) {
  TransformerBlock block(TransformerSizes{.dim = 8, .heads = 4, .mlp = 5, .depth = 1, .dropout = 0.3});
  remove_branches(*block);
  const Tensor x = torch::randn({2, 5, 8});
  EXPECT_TRUE(torch::equal(block->forward(x), x));
}

// Computed with NumPy, head by head.
TEST(TransformerBlock, ReferenceOfTwoHeads) {
  const Tensor x = wave({1, 3, 4}, 0.7);
  const Tensor tanh = rows({3.58088693, 1.3634942, 1.43148998, -1.19197064, 3.07104978, -0.62475844, -0.70841736,
                            -1.54601051, 3.42013677, 0.80792777, 1.27168472, -0.26710253},
                           3);
  EXPECT_TRUE(torch::allclose(waves("tanh")->forward(x), tanh, 0, 2e-8));
  const Tensor exact = rows({3.58073699, 1.36376225, 1.43115917, -1.19164538, 3.07051297, -0.62427531, -0.70874706,
                             -1.54590233, 3.42011868, 0.80808817, 1.27141513, -0.26677941},
                            3);
  EXPECT_TRUE(torch::allclose(waves("exact")->forward(x), exact, 0, 2e-8));
  const Tensor second_hidden = rows({4.16647202, 1.1992539, 1.01698918, -0.52881628, 3.45208283, -0.7676762,
                                     -0.97013844, -1.184545, 4.13053678, 0.6109748, 0.77181907, 0.58926468},
                                    3);
  const Tensor mask = torch::tensor({true, false, true}).unsqueeze(0);
  EXPECT_TRUE(torch::allclose(waves("tanh")->forward(x, mask), second_hidden, 0, 2e-8));
}

// The same steps one by one, with the same random numbers: dropout of the attention, of its projection, of the branch,
// of the hidden layer and of the second branch, in this order.
TEST(TransformerBlock, DropsOutWhereTheFormulaSays) {
  TransformerBlock block = waves("tanh", 0.4);
  const auto parameters = block->named_parameters();
  const auto drop = [](const Tensor& x) { return torch::dropout(x, 0.4, true); };
  const auto linear = [&](const Tensor& x, const std::string& name) {
    return torch::nn::functional::linear(x, parameters[name + ".weight"], parameters[name + ".bias"]);
  };
  const auto norm = [&](const Tensor& x, const std::string& name) {
    return torch::layer_norm(x, {4}, parameters[name + ".weight"], parameters[name + ".bias"]);
  };
  const Tensor x = wave({2, 5, 4}, 0.7);

  torch::manual_seed(8);
  const Tensor qkv = torch::matmul(norm(x, "norm1"), parameters["attention.qkv.weight"].t());
  const auto heads = [&](int64_t i) { return qkv.slice(2, 4 * i, 4 * i + 4).view({2, 5, 2, 2}).transpose(1, 2); };
  const Tensor weights = torch::softmax(torch::matmul(heads(0), heads(1).transpose(2, 3)) / std::sqrt(2.0), 3);
  const Tensor merged = torch::matmul(drop(weights), heads(2)).transpose(1, 2).reshape({2, 5, 4});
  const Tensor attended = x + drop(drop(linear(merged, "attention.proj")));
  const Tensor hidden = drop(torch::gelu(linear(norm(attended, "norm2"), "fc1"), "tanh"));
  const Tensor expected = attended + drop(linear(hidden, "fc2"));

  torch::manual_seed(8);
  EXPECT_LT(relative_error(block->forward(x), expected), 1e-12);
  block->eval();
  EXPECT_GT(relative_error(block->forward(x), expected), 1e-2);
}

// models.md 7.2, and the names.
TEST(TransformerBlock, ParametersAndNames) {
  TransformerBlock block(TransformerSizes{.dim = 512, .heads = 8, .mlp = 4096, .depth = 1, .dropout = 0.1});
  int64_t count = 0;
  for (const Tensor& parameter : block->parameters()) count += parameter.numel();
  EXPECT_EQ(count, 5250048);
  EXPECT_EQ(block->named_parameters().keys(),
            (std::vector<std::string>{"norm1.weight", "norm1.bias", "attention.qkv.weight", "attention.proj.weight",
                                      "attention.proj.bias", "norm2.weight", "norm2.bias", "fc1.weight", "fc1.bias",
                                      "fc2.weight", "fc2.bias"}));
}

TEST(TransformerBlock, KeepsLibTorchsInitialValues) {
  TransformerBlock block(TransformerSizes{.dim = 4, .heads = 1, .mlp = 4, .depth = 1, .dropout = 0});
  const Tensor before = block->named_parameters()["fc1.bias"].detach().clone();
  initialize(*block, "global");
  EXPECT_TRUE(torch::equal(block->named_parameters()["fc1.bias"], before));
  EXPECT_GT(before.abs().max().item<double>(), 0);
}

TEST(Transformer, AddsPositionsOnceAndTakesFewerTokens) {
  Transformer transformer(4, TransformerSizes{.dim = 2, .heads = 1, .mlp = 3, .depth = 2, .dropout = 0});
  remove_branches(*transformer);
  const Tensor x = torch::randn({3, 4, 2});
  EXPECT_TRUE(torch::equal(transformer->forward(x), x));  // positions are zeros at first
  const Tensor position = torch::arange(8, torch::kFloat32).view({4, 2});
  set(*transformer, "position", position);
  EXPECT_TRUE(torch::equal(transformer->forward(x), x + position));
  EXPECT_TRUE(torch::equal(transformer->forward(x.slice(1, 0, 3)), x.slice(1, 0, 3) + position.slice(0, 0, 3)));
  EXPECT_TRUE(transformer->named_parameters().contains("blocks.1.attention.qkv.weight"));
}

TEST(TransformerSizes, HeadsMustDivideTheWidth) {
  const TransformerSizes sizes{.dim = 10, .heads = 4, .mlp = 1, .depth = 1, .dropout = 0};
  testing::expect_error(ErrorKind::usage, {"here:", "dim=10", "heads=4"}, [&] { sizes.check("here"); });
}

}  // namespace
}  // namespace pdmp::models
