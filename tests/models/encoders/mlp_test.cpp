#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp::models {
namespace {

// methods-modulation 0.8: 4 -> 64 -> 64 -> 32, ReLU after every layer.
TEST(Mlp, IsTheEncoderOfTheSyntheticTask) {
  const auto encoder = make_encoder("mlp:hidden=64+64+32", {"a", "vector", {4}});
  int64_t count = 0;
  for (const Tensor& parameter : encoder->parameters()) count += parameter.numel();
  EXPECT_EQ(count, (4 * 64 + 64) + (64 * 64 + 64) + (64 * 32 + 32));
  const Tensor x = torch::randn({9, 4});
  Tensor z = x;
  const auto named = encoder->named_parameters();
  for (const std::string layer : {"fc1", "fc2", "fc3"}) {
    z = torch::relu(torch::matmul(z, named[layer + ".weight"].t()) + named[layer + ".bias"]);
  }
  const Feature feature = encoder->forward(x);
  EXPECT_TRUE(torch::allclose(feature.pooled, z, 1e-5, 1e-6));
  EXPECT_GE(feature.pooled.min().item<double>(), 0);
  EXPECT_FALSE(feature.map.defined());
}

TEST(Mlp, FlattensTensors) {
  const auto encoder = make_encoder("mlp:hidden=3", {"a", "tensor", {2, 3, 2}});
  EXPECT_EQ(encoder->forward(torch::randn({5, 2, 3, 2})).pooled.sizes(), (std::vector<int64_t>{5, 3}));
}

TEST(Mlp, RefusesText) { EXPECT_THROW(make_encoder("mlp", {"caption", "text", {16}}), Error); }

}  // namespace
}  // namespace pdmp::models
