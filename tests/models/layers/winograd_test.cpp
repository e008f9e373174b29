#include "models/layers/winograd.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <torch/nn/modules/conv.h>

#include "kernels/winograd_kernels.h"

namespace pdmp::models {
namespace {

constexpr auto kRows = torch::MemoryFormat::ChannelsLast;

Tensor numbers_of(torch::IntArrayRef sizes, uint64_t seed) {
  const torch::Generator generator = at::detail::createCPUGenerator(seed);
  return torch::randn(sizes, generator).contiguous(kRows);
}

torch::nn::Conv2d layer(int64_t in, int64_t out, uint64_t seed) {
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(in, out, 3).padding(1).bias(false));
  const torch::NoGradGuard no_grad;
  conv->weight.set_data(numbers_of({out, in, 3, 3}, seed) / std::sqrt(9.0 * static_cast<double>(in)));
  return conv;
}

double error(const Tensor& found, const Tensor& expected) {
  return ((found.to(torch::kDouble) - expected).norm() / expected.norm()).item<double>();
}

struct Pass {
  Tensor y, dx, dweight;
};

template <class Forward>
Pass pass(const Tensor& values, const Tensor& filters, const Tensor& dy, const Forward& forward) {
  const Tensor x = values.detach().clone().requires_grad_(), weight = filters.detach().clone().requires_grad_();
  const Tensor y = forward(x, weight);
  y.backward(dy);
  return {y.detach(), x.grad(), weight.grad()};
}

Tensor direct(const Tensor& x, const Tensor& weight) { return at::conv2d(x, weight, {}, 1, 1); }

Pass in_double(const Tensor& x, const Tensor& weight, const Tensor& dy) {
  return pass(x.to(torch::kDouble), weight.to(torch::kDouble), dy.to(torch::kDouble), direct);
}

// Maps that tiles do not fill, more tiles than channels and fewer, more than one panel, several threads.
struct Case {
  int64_t samples, height, width, in, out;
};
const std::vector<Case> kCases = {{1, 24, 25, 32, 64}, {6, 7, 9, 64, 32}, {3, 30, 17, 96, 32}, {8, 7, 8, 128, 160}};

// As a training in bf16 does it, which this folder knows nothing of.
class Autocast {
 public:
  Autocast() { at::autocast::set_autocast_enabled(at::kCPU, true); }
  ~Autocast() { at::autocast::set_autocast_enabled(at::kCPU, false); }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;
};

TEST(Winograd, AgreesWithConvolutionInDoubleOnAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  for (const Case& c : kCases) {
    const torch::nn::Conv2d conv = layer(c.in, c.out, 1);
    const Tensor x = numbers_of({c.samples, c.in, c.height, c.width}, 2);
    const Tensor dy = numbers_of({c.samples, c.out, c.height, c.width}, 3);
    ASSERT_TRUE(fits_winograd(*conv, x));
    const Pass expected = in_double(x, conv->weight, dy);
    for (const int count : {1, 2, 3}) {
      at::set_num_threads(count);
      const Pass found = pass(x, conv->weight, dy, winograd);
      const std::string name = fmt::format("{} to {} channels, {} threads", c.in, c.out, count);
      EXPECT_LT(error(found.y, expected.y), 2e-6) << name;
      EXPECT_LT(error(found.dx, expected.dx), 2e-6) << name;
      EXPECT_LT(error(found.dweight, expected.dweight), 2e-6) << name;
    }
    at::set_num_threads(threads);
  }
}

TEST(Winograd, OneNumberByHand) {
  // A map of ones and filters of ones: 9 * C inside, 6 * C on an edge, 4 * C in a corner.
  const Tensor x = torch::ones({2, 32, 16, 16}).contiguous(kRows),
               weight = torch::ones({32, 32, 3, 3}).contiguous(kRows);
  const Tensor y = winograd_without_gradients(x, weight, {});
  EXPECT_NEAR(y[1][31][7][9].item<double>(), 288, 1e-3);
  EXPECT_NEAR(y[0][5][0][9].item<double>(), 192, 1e-3);
  EXPECT_NEAR(y[1][0][15][15].item<double>(), 128, 1e-3);
}

// The result loses what storing it loses. Gradients are sums of products that are rounded before they are multiplied,
// where the CPU can multiply them so.
TEST(Winograd, Bfloat16Maps) {
  const Autocast scope;
  const torch::nn::Conv2d conv = layer(64, 96, 4);
  const Tensor x = numbers_of({4, 64, 14, 15}, 5).to(torch::kBFloat16);
  const Tensor dy = numbers_of({4, 96, 14, 15}, 6).to(torch::kBFloat16);
  ASSERT_TRUE(fits_winograd(*conv, x));
  const Pass expected = in_double(x, conv->weight, dy);
  const Pass found = pass(x, conv->weight, dy, winograd);
  EXPECT_EQ(found.y.scalar_type(), torch::kBFloat16);
  EXPECT_EQ(found.dweight.scalar_type(), torch::kFloat);
  EXPECT_LT(error(found.y, expected.y), 2e-3);
  const bool rounds = &kernels::winograd_kernels() == &kernels::kAvx512Bf16WinogradKernels;
  EXPECT_LT(error(found.dx, expected.dx), rounds ? 1.2e-2 : 2e-3);
  EXPECT_LT(error(found.dweight, expected.dweight), rounds ? 1.2e-2 : 2e-6);
}

TEST(Winograd, WhatFollowsInEvaluation) {
  const Tensor x = numbers_of({3, 32, 13, 14}, 7), weight = layer(32, 64, 8)->weight.detach();
  const Tensor bias = torch::randn({64}), added = numbers_of({3, 64, 13, 14}, 9);
  const torch::NoGradGuard no_grad;
  const Tensor plain = direct(x, weight) + bias.view({-1, 1, 1});
  const auto found = [&](const AfterWinograd& after) { return winograd_without_gradients(x, weight, after); };
  EXPECT_LT(error(found({.bias = bias}), plain.to(torch::kDouble)), 3e-6);
  EXPECT_LT(error(found({.bias = bias, .relu = true}), plain.relu().to(torch::kDouble)), 3e-6);
  EXPECT_LT(error(found({.bias = bias, .added = added, .relu = true}), (plain + added).relu().to(torch::kDouble)),
            3e-6);
}

TEST(Winograd, OnlyWhatIsAskedForIsComputed) {
  const Tensor x = numbers_of({2, 32, 16, 16}, 10);
  const Tensor frozen = layer(32, 32, 11)->weight.detach();
  const Tensor in = x.clone().requires_grad_();
  winograd(in, frozen).sum().backward();
  EXPECT_TRUE(in.grad().defined());
  EXPECT_FALSE(frozen.grad().defined());
  const Tensor weight = frozen.clone().requires_grad_();
  winograd(x, weight).sum().backward();
  EXPECT_TRUE(weight.grad().defined());
  EXPECT_FALSE(x.grad().defined());
}

TEST(Winograd, NotANumberStaysOne) {
  const Tensor x = torch::zeros({1, 32, 24, 24}).contiguous(kRows);
  x[0][3][5][6] = std::nan("");
  const Tensor y = winograd_without_gradients(x, layer(32, 32, 12)->weight.detach(), {.relu = true});
  EXPECT_TRUE(y.isnan().any().item<bool>());
}

TEST(Winograd, FitsOnlyWhatItComputes) {
  const Tensor x = numbers_of({4, 64, 14, 14}, 13);
  const auto with = [](const std::function<void(torch::nn::Conv2dOptions&)>& change) {
    torch::nn::Conv2dOptions options(64, 64, 3);
    options.padding(1).bias(false);
    change(options);
    torch::nn::Conv2d conv(options);
    conv->to(torch::kCPU);
    conv->weight.set_data(conv->weight.contiguous(kRows));
    return fits_winograd(*conv, numbers_of({4, 64, 14, 14}, 13));
  };
  EXPECT_TRUE(with([](auto&) {}));
  EXPECT_FALSE(with([](auto& options) { options.stride(2); }));
  EXPECT_FALSE(with([](auto& options) { options.padding(0); }));
  EXPECT_FALSE(with([](auto& options) { options.padding(torch::kSame); }));
  EXPECT_FALSE(with([](auto& options) { options.dilation(2).padding(1); }));
  EXPECT_FALSE(with([](auto& options) { options.groups(2); }));
  EXPECT_FALSE(with([](auto& options) { options.padding_mode(torch::kReflect); }));
  const torch::nn::Conv2d conv = layer(64, 64, 14);
  EXPECT_FALSE(fits_winograd(*conv, x.to(torch::kDouble)));
  EXPECT_FALSE(fits_winograd(*conv, x.contiguous()));                              // another order
  EXPECT_FALSE(fits_winograd(*conv, numbers_of({1, 64, 14, 14}, 15)));             // few tiles
  EXPECT_FALSE(fits_winograd(*conv, numbers_of({64, 64, 5, 5}, 16)));              // tiles half empty
  EXPECT_FALSE(fits_winograd(*layer(3, 64, 17), numbers_of({4, 3, 14, 14}, 18)));  // no panel
  EXPECT_FALSE(fits_winograd(*layer(64, 24, 19), numbers_of({4, 64, 14, 14}, 20)));
  const Autocast scope;
  EXPECT_FALSE(fits_winograd(*conv, x));  // conv2d would answer in bfloat16
}

// Every instruction set that this CPU has, by its own panels.
void expect_same_product(const kernels::AllWinogradKernels& all_kernels) {
  const kernels::WinogradKernels<float>& kernels = all_kernels.of_float;
  const int64_t panel = all_kernels.panel, in = 32, out = 64, height = 9, width = 10;
  const kernels::TiledMap map{2, height, width, in}, result{2, height, width, out};
  const kernels::TileRange all{0, map.tiles()};
  const Tensor x = numbers_of({2, in, height, width}, 21), weight = layer(in, out, 22)->weight.detach();
  Tensor y = torch::empty({2, out, height, width}).contiguous(kRows);
  const auto matrices = [](int64_t numbers) { return torch::empty({kernels::kWinogradPoints, numbers}); };
  const auto tiles = [](const Tensor& t) { return kernels::Tiles{t.data_ptr<float>(), t.size(1)}; };
  const Tensor v = matrices(map.tiles() * in), u = matrices(in * panel), m = matrices(map.tiles() * panel);
  kernels.forward.map_to_tiles(x.const_data_ptr<float>(), map, all, tiles(v));
  for (int64_t channel = 0; channel < out; channel += panel) {
    kernels.forward.transform_filters(weight.const_data_ptr<float>(), out, in, channel, tiles(u));
    kernels.forward.multiply(tiles(v), {u.data_ptr<float>(), u.size(1)}, map.tiles(), in, tiles(m));
    kernels.forward.tiles_to_map(tiles(m), result, all, channel, {nullptr, nullptr, false}, y.data_ptr<float>());
  }
  EXPECT_LT(error(y, direct(x.to(torch::kDouble), weight.to(torch::kDouble))), 2e-6);

  const Tensor dy = numbers_of({2, out, height, width}, 23), d = matrices(map.tiles() * out);
  const Tensor sums = torch::zeros({kernels::kWinogradPoints, out * in});
  Tensor dw = torch::empty({out, in, 3, 3}).contiguous(kRows);
  kernels.filter_gradient.gradient_to_tiles(dy.const_data_ptr<float>(), result, all, tiles(d));
  kernels.filter_gradient.add(tiles(d), out, tiles(v), map.tiles(), out, in, tiles(sums));
  kernels.filter_gradient.transform({sums.data_ptr<float>(), sums.size(1)}, out, in, dw.data_ptr<float>());
  EXPECT_LT(error(dw, in_double(x, weight, dy).dweight), 2e-6);
}

TEST(Winograd, EveryInstructionSetGivesTheSameToRounding) {
  expect_same_product(kernels::kPortableWinogradKernels);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    expect_same_product(kernels::kAvx2WinogradKernels);
#endif
  expect_same_product(kernels::winograd_kernels());
}

}  // namespace
}  // namespace pdmp::models
