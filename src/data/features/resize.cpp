#include "data/features/resize.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr int kFraction = 22;  // bits behind the point: 255 * 2^22 and a sign fit into 32
constexpr int32_t kHalf = 1 << (kFraction - 1);

struct Kernel {
  double support;  // reach in source pixels, before antialiasing
  double (*weight)(double distance);
};

double bilinear_weight(double x) { return std::max(0.0, 1 - std::abs(x)); }

double bicubic_weight(double x) {
  constexpr double kSharpness = -0.5;
  x = std::abs(x);
  if (x < 1) return ((kSharpness + 2) * x - (kSharpness + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * kSharpness;
  return 0;
}

Kernel kernel_of(Interpolation interpolation) {
  return interpolation == Interpolation::bilinear ? Kernel{1, bilinear_weight} : Kernel{2, bicubic_weight};
}

// For each place of the output axis: where its window begins in the input, and the weights within it.
struct Axis {
  struct Window {
    int64_t first, count;
    const int32_t* weights;
  };
  std::vector<Window> windows;
  std::vector<int32_t> storage;
};

Axis make_axis(int64_t input, int64_t output, const Kernel& kernel) {
  const double scale = static_cast<double>(input) / static_cast<double>(output);
  const double filter_scale = std::max(scale, 1.0), support = kernel.support * filter_scale;
  const size_t most = static_cast<size_t>(std::ceil(support)) * 2 + 1;
  Axis axis;
  axis.storage.resize(most * static_cast<size_t>(output));
  std::vector<double> weights(most);
  for (int64_t j = 0; j < output; ++j) {
    const double center = (static_cast<double>(j) + 0.5) * scale;
    const int64_t low = std::max<int64_t>(0, static_cast<int64_t>(center - support + 0.5));
    const int64_t high = std::min(input, static_cast<int64_t>(center + support + 0.5));
    double sum = 0;
    for (int64_t k = 0; k < high - low; ++k) {
      const double weight = kernel.weight((static_cast<double>(k + low) - center + 0.5) / filter_scale);
      weights[static_cast<size_t>(k)] = weight;
      sum += weight;
    }
    int32_t* fixed = axis.storage.data() + static_cast<size_t>(j) * most;
    for (int64_t k = 0; k < high - low; ++k) {
      const double value = weights[static_cast<size_t>(k)] / sum * (1 << kFraction);
      fixed[k] = static_cast<int32_t>(value < 0 ? value - 0.5 : value + 0.5);
    }
    axis.windows.push_back({low, high - low, fixed});
  }
  return axis;
}

uint8_t to_byte(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kFraction, 0, 255)); }

template <int kChannels>
void resize_row(const uint8_t* in, uint8_t* out, const Axis& axis) {
  for (const Axis::Window& window : axis.windows) {
    int32_t sums[kChannels];
    std::fill(sums, sums + kChannels, kHalf);
    const uint8_t* pixel = in + window.first * kChannels;
    for (int64_t k = 0; k < window.count; ++k, pixel += kChannels) {
      for (int c = 0; c < kChannels; ++c) sums[c] += window.weights[k] * pixel[c];
    }
    for (int c = 0; c < kChannels; ++c) *out++ = to_byte(sums[c]);
  }
}

using RowResizer = void (*)(const uint8_t*, uint8_t*, const Axis&);
constexpr RowResizer kRowResizers[] = {resize_row<1>, resize_row<2>, resize_row<3>, resize_row<4>};

Tensor resize_width(const Tensor& picture, int64_t width, const Kernel& kernel) {
  const int64_t rows = picture.size(0), channels = picture.size(2);
  const Axis axis = make_axis(picture.size(1), width, kernel);
  Tensor result = torch::empty({rows, width, channels}, torch::kUInt8);
  for (int64_t y = 0; y < rows; ++y) {
    kRowResizers[channels - 1](picture.data_ptr<uint8_t>() + y * picture.stride(0),
                               result.data_ptr<uint8_t>() + y * width * channels, axis);
  }
  return result;
}

// Whole rows are summed at once, which the compiler vectorizes.
Tensor resize_height(const Tensor& picture, int64_t height, const Kernel& kernel) {
  const int64_t row = picture.size(1) * picture.size(2);
  const Axis axis = make_axis(picture.size(0), height, kernel);
  Tensor result = torch::empty({height, picture.size(1), picture.size(2)}, torch::kUInt8);
  std::vector<int32_t> sums(static_cast<size_t>(row));
  for (int64_t y = 0; y < height; ++y) {
    const Axis::Window& window = axis.windows[static_cast<size_t>(y)];
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int64_t k = 0; k < window.count; ++k) {
      const uint8_t* in = picture.data_ptr<uint8_t>() + (window.first + k) * picture.stride(0);
      const int32_t weight = window.weights[k];
      for (int64_t i = 0; i < row; ++i) sums[static_cast<size_t>(i)] += weight * in[i];
    }
    uint8_t* out = result.data_ptr<uint8_t>() + y * row;
    for (int64_t i = 0; i < row; ++i) out[i] = to_byte(sums[static_cast<size_t>(i)]);
  }
  return result;
}

}  // namespace

Tensor resize(const Tensor& picture, int64_t height, int64_t width, Interpolation interpolation) {
  const bool valid = picture.dim() == 3 && picture.scalar_type() == torch::kUInt8 && picture.numel() > 0 &&
                     picture.size(2) <= 4 && picture.stride(2) == 1 && picture.stride(1) == picture.size(2);
  if (!valid || height < 1 || width < 1) {
    throw Error(ErrorKind::data, fmt::format("cannot resize ({}) to {}x{}: a picture is (height, width, 1 to 4) bytes",
                                             fmt::join(picture.sizes(), ", "), height, width));
  }
  const Kernel kernel = kernel_of(interpolation);
  Tensor result = picture;
  if (width != result.size(1)) result = resize_width(result, width, kernel);
  if (height != result.size(0)) result = resize_height(result, height, kernel);
  return result.contiguous();
}

}  // namespace pdmp
