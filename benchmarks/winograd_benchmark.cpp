// 3x3 convolutions of ResNet-18, forward and backward: by Winograd's filtering and as LibTorch does them.
#include <benchmark/benchmark.h>

#include "models/layers/winograd.h"
#include "pdmp/memory.h"

namespace {

using namespace pdmp;

struct Case {
  int64_t samples, channels, height, width;
};
// Batches of 16 pictures of 224x224, and of spectrograms of 257x299, in the four stages.
constexpr Case kCases[] = {{16, 64, 56, 56}, {16, 128, 28, 28}, {16, 256, 14, 14}, {16, 512, 7, 7},
                           {16, 64, 65, 75}, {16, 128, 33, 38}, {16, 256, 17, 19}, {16, 512, 9, 10}};

Tensor direct(const Tensor& x, const Tensor& weight) { return at::conv2d(x, weight, {}, 1, 1); }

void convolution(benchmark::State& state, Tensor (*compute)(const Tensor& x, const Tensor& weight), const Case& c) {
  [[maybe_unused]] static const bool kept = keep_freed_memory();
  const auto rows = at::MemoryFormat::ChannelsLast;
  const Tensor x = torch::randn({c.samples, c.channels, c.height, c.width}).contiguous(rows).requires_grad_();
  const Tensor weight = torch::randn({c.channels, c.channels, 3, 3}).contiguous(rows).requires_grad_();
  const Tensor dy = torch::randn_like(x);
  for (auto _ : state) compute(x, weight).backward(dy);
}

const int kRegistered = [] {
  for (const Case& c : kCases) {
    const std::string shape = std::to_string(c.samples) + "x" + std::to_string(c.channels) + "x" +
                              std::to_string(c.height) + "x" + std::to_string(c.width);
    for (const bool ours : {false, true}) {
      benchmark::RegisterBenchmark(((ours ? "winograd/" : "conv2d/") + shape).c_str(), convolution,
                                   ours ? models::winograd : direct, c)
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
    }
  }
  return 0;
}();

}  // namespace
