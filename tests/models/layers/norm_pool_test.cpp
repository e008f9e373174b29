#include "models/layers/norm_pool.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>

#include "models/layers/norm_statistics.h"
#include "support/numeric_gradient.h"

namespace pdmp::models {
namespace {

Tensor map_of(torch::IntArrayRef sizes, at::ScalarType type, uint64_t seed) {
  const torch::Generator generator = at::detail::createCPUGenerator(seed);
  return torch::randn(sizes, generator, torch::dtype(torch::kDouble))
      .to(type)
      .contiguous(torch::MemoryFormat::ChannelsLast);
}

torch::nn::BatchNorm2d norm_of(int64_t channels, at::ScalarType type) {
  torch::nn::BatchNorm2d norm(channels);
  const torch::NoGradGuard no_grad;
  const torch::Generator generator = at::detail::createCPUGenerator(1);
  norm->weight.copy_(torch::randn({channels}, generator));  // some below 0
  norm->bias.copy_(torch::randn({channels}, generator));
  norm->to(type);
  return norm;
}

Tensor by_libtorch(torch::nn::BatchNorm2d& norm, const Tensor& x) {
  return torch::max_pool2d(norm->forward(x).relu(), 3, 2, 1);
}

// Odd and even sizes, one row, more channels than a tile.
const std::vector<std::vector<int64_t>> kSizes = {{2, 1, 1, 2},    {2, 3, 7, 10}, {3, 17, 8, 5},
                                                  {2, 64, 33, 40}, {2, 5, 1, 9},  {2, 700, 6, 5}};

void agrees(const std::vector<int64_t>& sizes, at::ScalarType type, double tolerance) {
  const std::string name = fmt::format("{}x{}x{} {}", sizes[1], sizes[2], sizes[3], c10::toString(type));
  torch::nn::BatchNorm2d norm = norm_of(sizes[1], type), other = norm_of(sizes[1], type);
  const Tensor x = map_of(sizes, type, 2).requires_grad_(), z = x.detach().clone().requires_grad_();
  ASSERT_TRUE(fits_kernels(*norm, x)) << name;
  const Tensor found = norm_relu_pool(norm, x), expected = by_libtorch(other, z);
  ASSERT_EQ(found.sizes(), expected.sizes()) << name;
  EXPECT_TRUE(torch::allclose(found, expected, tolerance, tolerance)) << name;
  const Tensor dy = map_of(found.sizes(), type, 3);
  found.backward(dy);
  expected.backward(dy);
  const auto close = [&](const Tensor& a, const Tensor& b) {
    return (a - b).norm().item<double>() <= tolerance * (b.norm().item<double>() + 1e-3);
  };
  EXPECT_TRUE(close(x.grad(), z.grad())) << name;
  EXPECT_TRUE(close(norm->weight.grad(), other->weight.grad())) << name;
  EXPECT_TRUE(close(norm->bias.grad(), other->bias.grad())) << name;
  EXPECT_TRUE(close(norm->running_mean, other->running_mean)) << name;
  EXPECT_TRUE(close(norm->running_var, other->running_var)) << name;
}

TEST(NormReluPool, AgreesWithLibTorch) {
  for (const auto& sizes : kSizes) {
    agrees(sizes, torch::kFloat, 1e-5);
    agrees(sizes, torch::kDouble, 1e-11);
  }
}

TEST(NormReluPool, GradientsInDouble) {
  torch::nn::BatchNorm2d norm = norm_of(2, torch::kDouble);
  const Tensor x = map_of({2, 2, 5, 4}, torch::kDouble, 4).requires_grad_();
  const Tensor weights = map_of({2, 2, 3, 2}, torch::kDouble, 5);
  testing::expect_gradients({x, norm->weight, norm->bias}, [&] { return (norm_relu_pool(norm, x) * weights).sum(); });
}

TEST(NormReluPool, EvaluationUsesRunningStatistics) {
  torch::nn::BatchNorm2d norm = norm_of(17, torch::kFloat);
  norm_relu_pool(norm, map_of({3, 17, 6, 6}, torch::kFloat, 6));
  norm->eval();
  const Tensor x = map_of({2, 17, 9, 6}, torch::kFloat, 7);
  const Tensor expected = by_libtorch(norm, x);
  EXPECT_TRUE(torch::allclose(norm_relu_pool(norm, x), expected, 1e-6, 1e-6));  // with gradients
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(torch::allclose(norm_relu_pool(norm, x), expected, 1e-6, 1e-6));
}

TEST(NormReluPool, NotANumberStays) {
  torch::nn::BatchNorm2d norm(1);
  norm->eval();
  const torch::NoGradGuard no_grad;
  const Tensor x = torch::ones({1, 1, 2, 8});
  x[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  const Tensor y = norm_relu_pool(norm, x).flatten();
  EXPECT_TRUE(torch::equal(y.isnan(), torch::tensor({true, false, false, false}))) << y;
}

TEST(NormReluPool, TakesMapsInAnyOrderOfMemory) {
  torch::nn::BatchNorm2d norm = norm_of(4, torch::kFloat), other = norm_of(4, torch::kFloat);
  const Tensor x = map_of({2, 4, 6, 6}, torch::kFloat, 8).contiguous();
  EXPECT_TRUE(torch::allclose(norm_relu_pool(norm, x), by_libtorch(other, x), 1e-6, 1e-6));
}

}  // namespace
}  // namespace pdmp::models
