#include "data/features/resize.h"

#include <ATen/ops/empty.h>
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "data/features/avx2.h"
#include "data/features/resize_plain.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
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
  axis.windows.reserve(static_cast<size_t>(output));
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
void resize_pixel(const uint8_t* pixel, uint8_t* out, const Axis::Window& window) {
  int32_t sums[kChannels];
  std::fill(sums, sums + kChannels, kHalf);
  for (int64_t k = 0; k < window.count; ++k, pixel += kChannels) {
    for (int c = 0; c < kChannels; ++c) sums[c] += window.weights[k] * pixel[c];
  }
  for (int c = 0; c < kChannels; ++c) out[c] = to_byte(sums[c]);
}

template <int kChannels>
void resize_row(const uint8_t* in, int64_t, uint8_t* out, const Axis& axis) {
  for (const Axis::Window& window : axis.windows) {
    resize_pixel<kChannels>(in + window.first * kChannels, out, window);
    out += kChannels;
  }
}

// One row of `length` bytes out of the window's rows, `stride` bytes apart; in blocks, which the compiler vectorizes.
void sum_rows(const uint8_t* in, int64_t stride, uint8_t* out, int64_t length, const Axis::Window& window) {
  constexpr int64_t kBlock = 64;
  for (int64_t i = 0; i < length; i += kBlock) {
    const int64_t count = std::min(kBlock, length - i);
    int32_t sums[kBlock];
    std::fill(sums, sums + kBlock, kHalf);
    for (int64_t k = 0; k < window.count; ++k) {
      const uint8_t* bytes = in + k * stride + i;
      for (int64_t j = 0; j < count; ++j) sums[j] += window.weights[k] * bytes[j];
    }
    for (int64_t j = 0; j < count; ++j) out[i + j] = to_byte(sums[j]);
  }
}

#if defined(__x86_64__)

// The three channels of a pixel at once, and the first byte of the next pixel, whose sum is overwritten afterwards.
PDMP_AVX2 void resize_colours_avx2(const uint8_t* in, int64_t width, uint8_t* out, const Axis& axis) {
  for (const Axis::Window& window : axis.windows) {
    const uint8_t* pixel = in + window.first * 3;
    if (window.first + window.count == width) {  // as the last one does: there is no next pixel
      resize_pixel<3>(pixel, out, window);
    } else {
      __m128i sums = _mm_set1_epi32(kHalf);
      for (int64_t k = 0; k < window.count; ++k, pixel += 3) {
        const __m128i values = _mm_cvtepu8_epi32(_mm_loadu_si32(pixel));
        sums = _mm_add_epi32(sums, _mm_mullo_epi32(values, _mm_set1_epi32(window.weights[k])));
      }
      const __m128i words = _mm_packs_epi32(_mm_srai_epi32(sums, kFraction), sums);
      _mm_storeu_si32(out, _mm_packus_epi16(words, words));
    }
    out += 3;
  }
}

PDMP_AVX2 void sum_rows_avx2(const uint8_t* in, int64_t stride, uint8_t* out, int64_t length,
                             const Axis::Window& window) {
  constexpr int kParts = 4, kPart = 8;  // a block's sums stay in registers
  int64_t i = 0;
  for (; i + kParts * kPart <= length; i += kParts * kPart) {
    __m256i sums[kParts];
    for (__m256i& part : sums) part = _mm256_set1_epi32(kHalf);
    for (int64_t k = 0; k < window.count; ++k) {
      const __m256i weight = _mm256_set1_epi32(window.weights[k]);
      const uint8_t* bytes = in + k * stride + i;
      for (int part = 0; part < kParts; ++part) {
        const __m256i values = _mm256_cvtepu8_epi32(_mm_loadu_si64(bytes + part * kPart));
        sums[part] = _mm256_add_epi32(sums[part], _mm256_mullo_epi32(values, weight));
      }
    }
    for (__m256i& part : sums) part = _mm256_srai_epi32(part, kFraction);
    // Both packings saturate, which is the clamp, and interleave the halves of their registers.
    const __m256i mixed =
        _mm256_packus_epi16(_mm256_packs_epi32(sums[0], sums[1]), _mm256_packs_epi32(sums[2], sums[3]));
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), _mm256_permutevar8x32_epi32(mixed, order));
  }
  sum_rows(in + i, stride, out + i, length - i, window);
}

#endif

using RowResizer = void (*)(const uint8_t* in, int64_t width, uint8_t* out, const Axis&);
using RowSummer = void (*)(const uint8_t* in, int64_t stride, uint8_t* out, int64_t length, const Axis::Window&);

RowResizer row_resizer(int64_t channels) {
  constexpr RowResizer kAnywhere[] = {resize_row<1>, resize_row<2>, resize_row<3>, resize_row<4>};
#if defined(__x86_64__)
  if (channels == 3 && has_avx2()) return resize_colours_avx2;
#endif
  return kAnywhere[channels - 1];
}

RowSummer row_summer() {
#if defined(__x86_64__)
  if (has_avx2()) return sum_rows_avx2;
#endif
  return sum_rows;
}

Tensor resize_width(const Tensor& picture, int64_t width, const Kernel& kernel) {
  const int64_t rows = picture.size(0), channels = picture.size(2);
  const Axis axis = make_axis(picture.size(1), width, kernel);
  Tensor result = at::empty({rows, width, channels}, at::kByte);
  const RowResizer resize_one = row_resizer(channels);
  for (int64_t y = 0; y < rows; ++y) {
    resize_one(picture.data_ptr<uint8_t>() + y * picture.stride(0), picture.size(1),
               result.data_ptr<uint8_t>() + y * width * channels, axis);
  }
  return result;
}

Tensor resize_height(const Tensor& picture, int64_t height, const Kernel& kernel) {
  const int64_t row = picture.size(1) * picture.size(2);
  const Axis axis = make_axis(picture.size(0), height, kernel);
  Tensor result = at::empty({height, picture.size(1), picture.size(2)}, at::kByte);
  const RowSummer sum_one = row_summer();
  for (int64_t y = 0; y < height; ++y) {
    const Axis::Window& window = axis.windows[static_cast<size_t>(y)];
    sum_one(picture.data_ptr<uint8_t>() + window.first * picture.stride(0), picture.stride(0),
            result.data_ptr<uint8_t>() + y * row, row, window);
  }
  return result;
}

// Of one column or one channel it does not matter how far the next one would be.
bool has_pixel_rows(const Tensor& picture) {
  if (picture.dim() != 3 || picture.scalar_type() != at::kByte || picture.numel() == 0) return false;
  const int64_t channels = picture.size(2);
  return channels <= 4 && (channels == 1 || picture.stride(2) == 1) &&
         (picture.size(1) == 1 || picture.stride(1) == channels);
}

}  // namespace

Tensor resize(const Tensor& picture, int64_t height, int64_t width, Interpolation interpolation) {
  if (!has_pixel_rows(picture) || height < 1 || width < 1) {
    throw Error(ErrorKind::data, fmt::format("cannot resize ({}) to {}x{}: a picture is (height, width, 1 to 4) bytes",
                                             fmt::join(picture.sizes(), ", "), height, width));
  }
  if (interpolation == Interpolation::bilinear_plain) return resize_plain(picture, height, width);
  const Kernel kernel = kernel_of(interpolation);
  Tensor result = picture;
  if (width != result.size(1)) result = resize_width(result, width, kernel);
  if (height != result.size(0)) result = resize_height(result, height, kernel);
  return result.contiguous();
}

}  // namespace pdmp::data
