#include "models/layers/squeeze_excite.h"

#include <gtest/gtest.h>

namespace pdmp::models {
namespace {

// models.md 5.4.
TEST(SqueezeExcite, ReferenceOfTwoChannels) {
  SqueezeExcite layer(2, 1);
  {
    const torch::NoGradGuard no_grad;
    const auto named = layer->named_parameters();
    for (const auto& item : named) item.value().zero_();
    named["fc1.weight"].copy_(torch::tensor({{1.0F, 1.0F}}));
    named["fc2.weight"].copy_(torch::tensor({{1.0F}, {-1.0F}}));
  }
  const Tensor out = layer->forward(torch::tensor({1.0F, 3.0F, 0.0F, 2.0F}).view({1, 2, 1, 2}));
  const Tensor expected = torch::tensor({0.952574F, 2.857722F, 0.0F, 0.094852F}).view({1, 2, 1, 2});
  EXPECT_TRUE(torch::allclose(out, expected, 0, 1e-6)) << out;
}

// models.md 5.1: 128 channels, reduction 16.
TEST(SqueezeExcite, ParametersWithBiases) {
  const SqueezeExcite layer(128, 8);
  EXPECT_EQ(layer->named_parameters().keys(),
            (std::vector<std::string>{"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}));
  int64_t count = 0;
  for (const Tensor& parameter : layer->parameters()) count += parameter.numel();
  EXPECT_EQ(count, 677576 - 675392);
}

TEST(SqueezeExcite, GatesEverySampleByItself) {
  SqueezeExcite layer(3, 2);
  const Tensor map = torch::randn({4, 3, 5, 2});
  const Tensor out = layer->forward(map);
  for (int64_t row = 0; row < 4; ++row) {
    EXPECT_TRUE(torch::allclose(layer->forward(map.slice(0, row, row + 1)), out.slice(0, row, row + 1), 1e-5, 1e-6));
  }
}

}  // namespace
}  // namespace pdmp::models
