// What operations made of the BatchNorm kernels share: which kernels, how a map is shared out, statistics.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <torch/nn/modules/batchnorm.h>
#include <type_traits>
#include <vector>

#include "kernels/norm_kernels.h"
#include "models/layers/share_out.h"
#include "pdmp/torch.h"

namespace pdmp::models {

// By element type: what the kernels take maps and numbers as.
template <class Element>
struct KernelTypes {
  using Stored = Element;
  using Computed = Element;
};
template <>
struct KernelTypes<at::BFloat16> {
  using Stored = kernels::Bfloat16Bits;
  using Computed = float;
};

template <class Element>
const auto& kernels_for() {
  if constexpr (std::is_same_v<Element, double>) {
    return kernels::norm_kernels().of_double;
  } else if constexpr (std::is_same_v<Element, float>) {
    return kernels::norm_kernels().of_float;
  } else {
    return kernels::norm_kernels().of_bfloat16;
  }
}

// A map in channels-last order as rows, in chunks whose bounds do not depend on the number of threads: so neither do
// the sums.
struct Chunks {
  explicit Chunks(const Tensor& map)
      : channels(map.size(1)),
        rows(map.numel() / channels),
        chunk_rows(std::max<int64_t>(1, kNumbers / channels)),
        count((rows + chunk_rows - 1) / chunk_rows) {}

  // pass(chunk, offset of its first number, its rows)
  template <class Pass>
  void each(const Pass& pass) const {
    share_out(count,
              [&](int64_t i) { pass(i, i * chunk_rows * channels, std::min(chunk_rows, rows - i * chunk_rows)); });
  }

  static constexpr int64_t kNumbers = 64 * 1024;
  int64_t channels, rows, chunk_rows, count;
};

template <class Stored>
const Stored* numbers(const Tensor& map) {
  return map.defined() ? static_cast<const Stored*>(map.const_data_ptr()) : nullptr;
}

template <class Stored>
Stored* mutable_numbers(const Tensor& map) {
  return static_cast<Stored*>(map.mutable_data_ptr());
}

struct Moments {
  std::vector<double> mean, squares;
};

template <class Element>
Moments moments_of(const Tensor& x) {
  using Stored = typename KernelTypes<Element>::Stored;
  const Chunks chunks(x);
  const auto width = static_cast<size_t>(chunks.channels);
  std::vector<double> mean(static_cast<size_t>(chunks.count) * width), squares(mean.size());
  chunks.each([&](int64_t chunk, int64_t offset, int64_t rows) {
    const int64_t at = chunk * chunks.channels;
    kernels_for<Element>().moments(numbers<Stored>(x) + offset, rows, chunks.channels, mean.data() + at,
                                   squares.data() + at);
  });
  Moments all{{mean.begin(), mean.begin() + chunks.channels}, {squares.begin(), squares.begin() + chunks.channels}};
  for (int64_t i = 1; i < chunks.count; ++i) {
    const auto before = static_cast<double>(i * chunks.chunk_rows);
    const auto rows = static_cast<double>(std::min(chunks.chunk_rows, chunks.rows - i * chunks.chunk_rows));
    for (size_t c = 0; c < width; ++c) {
      const size_t at = static_cast<size_t>(i) * width + c;
      const double step = mean[at] - all.mean[c];
      all.mean[c] += step * rows / (before + rows);
      all.squares[c] += squares[at] + step * step * before * rows / (before + rows);
    }
  }
  return all;
}

// y = x * scale + shift is (x - mean) * inverse * weight + bias.
template <class A>
struct Affine {
  Affine(const Tensor& mean, const Tensor& inverse, const Tensor& weight, const Tensor& bias) {
    for (int64_t c = 0; c < mean.numel(); ++c) {
      const double factor =
          static_cast<double>(inverse.const_data_ptr<A>()[c]) * static_cast<double>(weight.const_data_ptr<A>()[c]);
      scale.push_back(static_cast<A>(factor));
      shift.push_back(static_cast<A>(static_cast<double>(bias.const_data_ptr<A>()[c]) -
                                     static_cast<double>(mean.const_data_ptr<A>()[c]) * factor));
    }
  }
  std::vector<A> scale, shift;
};

// The statistics of a BatchNorm that move, and how.
struct Running {
  Tensor mean, variance;
  double momentum, epsilon;
};

template <class A>
void move_running(const Moments& moments, int64_t rows, const Running& running) {
  A* running_mean = running.mean.mutable_data_ptr<A>();
  A* running_variance = running.variance.mutable_data_ptr<A>();
  const double momentum = running.momentum;
  for (size_t c = 0; c < moments.mean.size(); ++c) {
    const double unbiased = moments.squares[c] / static_cast<double>(rows - 1);
    running_mean[c] =
        static_cast<A>(momentum * moments.mean[c] + (1 - momentum) * static_cast<double>(running_mean[c]));
    running_variance[c] =
        static_cast<A>(momentum * unbiased + (1 - momentum) * static_cast<double>(running_variance[c]));
  }
}

template <class Pass>
auto by_element(const Tensor& map, const Pass& pass) {
  switch (map.scalar_type()) {
    case at::kDouble:
      return pass(double{});
    case at::kBFloat16:
      return pass(at::BFloat16{});
    default:
      return pass(float{});
  }
}

// Mean and 1 / sqrt(variance + epsilon) of each channel of x in training, which also move the running ones.
struct BatchStatistics {
  Tensor mean, inverse;
};

template <class Element>
BatchStatistics take_statistics(const Tensor& x, const Running& running) {
  using A = typename KernelTypes<Element>::Computed;
  const int64_t rows = x.numel() / x.size(1);
  const Moments moments = moments_of<Element>(x);
  BatchStatistics out{at::empty_like(running.mean), at::empty_like(running.mean)};
  for (size_t c = 0; c < moments.mean.size(); ++c) {
    out.mean.mutable_data_ptr<A>()[c] = static_cast<A>(moments.mean[c]);
    out.inverse.mutable_data_ptr<A>()[c] =
        static_cast<A>(1 / std::sqrt(moments.squares[c] / static_cast<double>(rows) + running.epsilon));
  }
  move_running<A>(moments, rows, running);
  return out;
}

// Sums over all chunks of g and g * (x - mean) of each channel, chunk after chunk in one vector each, turned into the
// gradients of weight and bias and into what the last pass takes.
template <class A>
struct NormGradients {
  NormGradients(std::vector<double> sums, std::vector<double> products, const std::vector<A>& scale,
                const Tensor& inverse, int64_t rows)
      : weight(at::empty_like(inverse)), bias(at::empty_like(inverse)) {
    for (size_t c = 0; c < scale.size(); ++c) {
      for (size_t at = scale.size() + c; at < sums.size(); at += scale.size()) {
        sums[c] += sums[at];
        products[c] += products[at];
      }
      const auto deviation = static_cast<double>(inverse.const_data_ptr<A>()[c]);
      const double per_row = static_cast<double>(scale[c]) / static_cast<double>(rows);
      slope.push_back(static_cast<A>(-per_row * deviation * deviation * products[c]));
      offset.push_back(static_cast<A>(-per_row * sums[c]));
      weight.mutable_data_ptr<A>()[c] = static_cast<A>(products[c] * deviation);
      bias.mutable_data_ptr<A>()[c] = static_cast<A>(sums[c]);
    }
  }
  Tensor weight, bias;
  std::vector<A> slope, offset;
};

bool is_map_in_rows(const Tensor& map, at::ScalarType type);
// The kernels take dense maps in channels-last order with several rows, and weights of the type they compute in.
bool fits_kernels(const torch::nn::BatchNorm2dImpl& norm, const Tensor& x);
// Counts the batch.
Running running_of(torch::nn::BatchNorm2dImpl& norm);

}  // namespace pdmp::models
