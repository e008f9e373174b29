#include "models/layers/batch_norm.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/nn/modules/batchnorm.h>

#include "models/layers/norm_statistics.h"
#include "support/numeric_gradient.h"

namespace pdmp::models {
namespace {

constexpr auto kRows = torch::MemoryFormat::ChannelsLast;

Tensor map_of(torch::IntArrayRef sizes, at::ScalarType type, uint64_t seed) {
  const torch::Generator generator = at::detail::createCPUGenerator(seed);
  return torch::randn(sizes, generator, torch::dtype(torch::kDouble)).mul(2).add(0.7).to(type).contiguous(kRows);
}

torch::nn::BatchNorm2d norm_of(int64_t channels, at::ScalarType type, uint64_t seed) {
  torch::nn::BatchNorm2d norm(channels);
  const torch::NoGradGuard no_grad;
  const torch::Generator generator = at::detail::createCPUGenerator(seed);
  norm->weight.copy_(torch::randn({channels}, generator));
  norm->bias.copy_(torch::randn({channels}, generator));
  norm->to(type);
  return norm;
}

// What LibTorch computes, by the same numbers in double.
struct Pass {
  Tensor y, dx, dadded, dweight, dbias, mean, variance;
};

template <class Forward>
Pass pass(torch::nn::BatchNorm2d norm, const Tensor& values, const Tensor& added_values, const Tensor& dy,
          const Forward& forward) {
  const Tensor x = values.detach().clone().requires_grad_();
  const Tensor added = added_values.defined() ? added_values.detach().clone().requires_grad_() : Tensor();
  const Tensor y = forward(norm, x, added);
  y.backward(dy);
  return {y.detach(),          x.grad(),          added.defined() ? added.grad() : Tensor(),
          norm->weight.grad(), norm->bias.grad(), norm->running_mean,
          norm->running_var};
}

void expect_close(const Tensor& found, const Tensor& expected, double tolerance, const std::string& what) {
  const double error = (found.to(torch::kDouble) - expected.to(torch::kDouble)).norm().item<double>();
  EXPECT_LE(error, tolerance * (expected.to(torch::kDouble).norm().item<double>() + 1e-12)) << what;
}

struct Case {
  std::vector<int64_t> sizes;
  bool relu, adds;
};

// Channels that fill no vector, rows that fill no block, several chunks, several tiles of channels.
const std::vector<std::vector<int64_t>> kSizes = {{2, 1, 1, 3},    {3, 3, 5, 7},   {2, 17, 9, 4},
                                                  {5, 64, 29, 31}, {2, 512, 4, 4}, {3, 700, 3, 5}};

void agrees(at::ScalarType type, double tolerance, const Case& c) {
  const std::string name = fmt::format("{} sizes {} relu {} adds {}", c10::toString(type), c.sizes[1], c.relu, c.adds);
  const at::ScalarType weights = type == torch::kDouble ? torch::kDouble : torch::kFloat;
  torch::nn::BatchNorm2d norm = norm_of(c.sizes[1], weights, 1);
  const auto plain = std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(norm->clone());
  plain->to(torch::kDouble);
  const Tensor x = map_of(c.sizes, type, 2), dy = map_of(c.sizes, type, 3);
  const Tensor added = c.adds ? map_of(c.sizes, type, 4) : Tensor();
  ASSERT_TRUE(fits_kernels(*norm, x)) << name;
  const Pass found = pass(norm, x, added, dy, [&](auto& module, const Tensor& in, const Tensor& add) {
    return batch_norm(module, in, {.relu = c.relu, .added = add});
  });
  const Tensor added_double = c.adds ? added.to(torch::kDouble) : Tensor();
  // The ReLU's gate as the kernel saw it: a value that is zero to rounding may fall on either side.
  const Tensor gate = c.relu ? found.y.gt(0).to(torch::kDouble) : torch::ones_like(dy.to(torch::kDouble));
  const Pass expected = pass(torch::nn::BatchNorm2d(plain), x.to(torch::kDouble), added_double, dy.to(torch::kDouble),
                             [&](auto& module, const Tensor& in, const Tensor& add) {
                               Tensor y = module->forward(in);
                               if (add.defined()) y = y + add;
                               return y * gate;
                             });
  expect_close(found.y, expected.y, tolerance, name + ": y");
  expect_close(found.dx, expected.dx, tolerance, name + ": dx");
  if (c.adds) expect_close(found.dadded, expected.dadded, tolerance, name + ": d added");
  expect_close(found.dweight, expected.dweight, tolerance, name + ": d weight");
  expect_close(found.dbias, expected.dbias, tolerance, name + ": d bias");
  expect_close(found.mean, expected.mean, 1e-6, name + ": running mean");
  expect_close(found.variance, expected.variance, 1e-6, name + ": running variance");
  EXPECT_EQ(norm->num_batches_tracked.item<int64_t>(), 1);
}

TEST(BatchNorm, AgreesWithLibTorchInDouble) {
  for (const auto& sizes : kSizes) {
    for (const bool relu : {false, true}) {
      for (const bool adds : {false, true}) {
        agrees(torch::kFloat, 1e-5, {sizes, relu, adds});
        agrees(torch::kDouble, 1e-11, {sizes, relu, adds});
        if (sizes[1] > 1) agrees(torch::kBFloat16, 1e-2, {sizes, relu, adds});
      }
    }
  }
}

// A channel of values far from zero: differences of large sums would lose the variance.
TEST(BatchNorm, VarianceOfValuesFarFromZero) {
  torch::nn::BatchNorm2d norm(1);
  const Tensor x = torch::tensor({10000.F, 10001.F, 10002.F, 10003.F}).view({1, 1, 2, 2});
  const Tensor y = batch_norm(norm, x, {.relu = false});
  EXPECT_TRUE(torch::allclose(y.flatten(), torch::tensor({-1.341635F, -0.447212F, 0.447212F, 1.341635F}), 0, 1e-3))
      << y;
  EXPECT_NEAR(norm->running_var.item<double>(), 0.9 + 0.1 * 5.0 / 3, 1e-6);
  EXPECT_NEAR(norm->running_mean.item<double>(), 1000.15, 1e-3);
}

TEST(BatchNorm, GradientsInDouble) {
  for (const bool adds : {false, true}) {
    torch::nn::BatchNorm2d norm = norm_of(3, torch::kDouble, 5);
    const Tensor x = map_of({2, 3, 3, 2}, torch::kDouble, 6).requires_grad_();
    const Tensor added = adds ? map_of({2, 3, 3, 2}, torch::kDouble, 7).requires_grad_() : Tensor();
    const Tensor weights = map_of({2, 3, 3, 2}, torch::kDouble, 8);
    std::vector<Tensor> inputs = {x, norm->weight, norm->bias};
    if (adds) inputs.push_back(added);
    testing::expect_gradients(inputs,
                              [&] { return (batch_norm(norm, x, {.relu = true, .added = added}) * weights).sum(); });
  }
}

TEST(BatchNorm, SameNumbersFromAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  const Tensor x = map_of({4, 16, 90, 90}, torch::kFloat, 9);
  std::vector<Tensor> results;
  for (const int count : {1, 2, 3}) {
    at::set_num_threads(count);
    torch::nn::BatchNorm2d norm = norm_of(16, torch::kFloat, 10);
    const Tensor in = x.clone().requires_grad_();
    batch_norm(norm, in, {.relu = true}).square().sum().backward();
    results.push_back(torch::cat({in.grad().flatten(), norm->weight.grad(), norm->bias.grad(), norm->running_var}));
  }
  at::set_num_threads(threads);
  EXPECT_TRUE(torch::equal(results[0], results[1]));
  EXPECT_TRUE(torch::equal(results[0], results[2]));
}

TEST(BatchNorm, EveryInstructionSetGivesTheSameToRounding) {
  const Tensor x = map_of({3, 17, 11, 13}, torch::kFloat, 11);
  std::vector<double> mean(17), squares(17), fast_mean(17), fast_squares(17);
  const int64_t rows = 3 * 11 * 13;
  kernels::kPortableNormKernels.of_float.moments(x.const_data_ptr<float>(), rows, 17, mean.data(), squares.data());
  kernels::norm_kernels().of_float.moments(x.const_data_ptr<float>(), rows, 17, fast_mean.data(), fast_squares.data());
  std::vector<float> scale(17, 0.3F), shift(17, -0.2F);
  Tensor y = torch::empty_like(x), fast_y = torch::empty_like(x);
  kernels::kPortableNormKernels.of_float.normalize(x.const_data_ptr<float>(), nullptr, rows, 17, scale.data(),
                                                   shift.data(), true, y.mutable_data_ptr<float>());
  kernels::norm_kernels().of_float.normalize(x.const_data_ptr<float>(), nullptr, rows, 17, scale.data(), shift.data(),
                                             true, fast_y.mutable_data_ptr<float>());
  for (size_t c = 0; c < 17; ++c) {
    EXPECT_NEAR(mean[c], fast_mean[c], 1e-6);
    EXPECT_NEAR(squares[c], fast_squares[c], 1e-6 * squares[c]);
  }
  EXPECT_TRUE(torch::allclose(y, fast_y, 1e-6, 1e-6));
}

TEST(BatchNorm, NotANumberStays) {
  torch::nn::BatchNorm2d norm(2);
  Tensor x = torch::randn({2, 2, 3, 3}).contiguous(kRows);
  x[0][1][1][1] = std::numeric_limits<float>::quiet_NaN();
  const Tensor y = batch_norm(norm, x, {.relu = true});
  EXPECT_FALSE(y.select(1, 0).isnan().any().item<bool>());
  EXPECT_TRUE(y.select(1, 1).isnan().all().item<bool>());
}

TEST(BatchNorm, OneValuePerChannelIsRefusedAsByLibTorch) {
  torch::nn::BatchNorm2d norm(4);
  EXPECT_THROW(batch_norm(norm, torch::randn({1, 4, 1, 1}), {}), c10::Error);
}

TEST(BatchNorm, EvaluationUsesRunningStatisticsAndLeavesThem) {
  torch::nn::BatchNorm2d norm = norm_of(5, torch::kFloat, 12);
  norm->eval();
  const Tensor x = map_of({2, 5, 4, 4}, torch::kFloat, 13);
  EXPECT_TRUE(torch::allclose(batch_norm(norm, x, {.relu = true}), norm->forward(x).relu(), 1e-6, 1e-6));
  EXPECT_EQ(norm->num_batches_tracked.item<int64_t>(), 0);
}

TEST(BatchNorm, HasNoSecondDerivatives) {
  torch::nn::BatchNorm2d norm(3);
  const Tensor x = map_of({2, 3, 4, 4}, torch::kFloat, 14).requires_grad_();
  const Tensor loss = batch_norm(norm, x, {.relu = true}).square().sum();
  EXPECT_THROW(torch::autograd::grad({loss}, {x}, {}, true, /*create_graph=*/true), c10::Error);
}

}  // namespace
}  // namespace pdmp::models
