// The bodies of the kernels, included once by each file that compiles them for an instruction set. Loops run along the
// channels, which lie side by side in memory; the compiler vectorizes them. Nothing here may come from a header with
// code in it: a function of the standard library compiled for AVX2 might be the one the linker keeps for everybody.
#pragma once

#include "kernels/norm_kernels.h"

namespace pdmp::kernels {
namespace {

constexpr int64_t kTile = 512;        // channels at a time, whose sums stay in the first-level cache
constexpr int64_t kBlock = 8 * 1024;  // numbers of a run of rows that is read twice and stays there too

inline float value(float x) { return x; }
inline double value(double x) { return x; }
inline float value(Bfloat16Bits x) { return __builtin_bit_cast(float, static_cast<uint32_t>(x.bits) << 16); }

inline void store(float x, float& to) { to = x; }
inline void store(double x, double& to) { to = x; }
inline void store(float x, Bfloat16Bits& to) {  // to the nearest, ties to even
  const auto bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
  to.bits = static_cast<uint16_t>((bits & 0x7fffffffU) > 0x7f800000U ? 0x7fc0U : rounded);
}

inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Adds the moments of `rows` rows with sums of deviations `squares` around `mean` to those of the `before` rows.
template <class A>
void merge(int64_t before, int64_t rows, int64_t width, const A* __restrict mean, const A* __restrict squares,
           double* __restrict all_mean, double* __restrict all_squares) {
  const double share = static_cast<double>(rows) / static_cast<double>(before + rows);
  const double weight = static_cast<double>(before) * share;
  for (int64_t c = 0; c < width; ++c) {
    const double step = static_cast<double>(mean[c]) - all_mean[c];
    all_mean[c] += step * share;
    all_squares[c] += static_cast<double>(squares[c]) + step * step * weight;
  }
}

// Two passes over a block: no difference of large sums is taken.
template <class T, class A>
void block_moments(const T* __restrict x, int64_t rows, int64_t stride, int64_t width, A* __restrict mean,
                   A* __restrict squares) {
  for (int64_t c = 0; c < width; ++c) mean[c] = squares[c] = 0;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < width; ++c) mean[c] += value(x[r * stride + c]);
  }
  for (int64_t c = 0; c < width; ++c) mean[c] /= static_cast<A>(rows);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < width; ++c) {
      const A deviation = value(x[r * stride + c]) - mean[c];
      squares[c] += deviation * deviation;
    }
  }
}

template <class T, class A>
void moments(const T* x, int64_t rows, int64_t channels, double* mean, double* squares) {
  A block_mean[kTile], block_squares[kTile];
  for (int64_t c = 0; c < channels; ++c) mean[c] = squares[c] = 0;
  for (int64_t tile = 0; tile < channels; tile += kTile) {
    const int64_t width = smaller(kTile, channels - tile);
    const int64_t block = kBlock / width;
    for (int64_t r = 0; r < rows; r += block) {
      const int64_t count = smaller(block, rows - r);
      block_moments(x + r * channels + tile, count, channels, width, block_mean, block_squares);
      merge(r, count, width, block_mean, block_squares, mean + tile, squares + tile);
    }
  }
}

template <bool kAdds, bool kRelu, class T, class A>
void normalize_rows(const T* __restrict x, const T* __restrict added, int64_t rows, int64_t channels,
                    const A* __restrict scale, const A* __restrict shift, T* __restrict y) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < channels; ++c) {
      A out = value(x[r * channels + c]) * scale[c] + shift[c];
      if (kAdds) out += value(added[r * channels + c]);
      if (kRelu) out = out < 0 ? 0 : out;  // NaN stays
      store(out, y[r * channels + c]);
    }
  }
}

template <class T, class A>
void normalize(const T* x, const T* added, int64_t rows, int64_t channels, const A* scale, const A* shift, bool relu,
               T* y) {
  if (added != nullptr && relu) {
    normalize_rows<true, true>(x, added, rows, channels, scale, shift, y);
  } else if (added != nullptr) {
    normalize_rows<true, false>(x, added, rows, channels, scale, shift, y);
  } else if (relu) {
    normalize_rows<false, true>(x, added, rows, channels, scale, shift, y);
  } else {
    normalize_rows<false, false>(x, added, rows, channels, scale, shift, y);
  }
}

template <class T>
void open_gates(const T* __restrict dy, const T* __restrict y, int64_t rows, int64_t channels, T* __restrict g) {
  for (int64_t i = 0; i < rows * channels; ++i) {
    const auto through = value(dy[i]);
    store(value(y[i]) <= 0 ? 0 : through, g[i]);
  }
}

template <bool kRelu, class T, class A>
void block_sums(const T* __restrict x, const T* __restrict g, int64_t rows, int64_t stride, int64_t width,
                const A* __restrict mean, const A* __restrict scale, const A* __restrict shift, A* __restrict sum,
                A* __restrict product) {
  for (int64_t c = 0; c < width; ++c) sum[c] = product[c] = 0;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < width; ++c) {
      const A in = value(x[r * stride + c]);
      A gradient = value(g[r * stride + c]);
      if (kRelu) gradient = in * scale[c] + shift[c] <= 0 ? 0 : gradient;
      sum[c] += gradient;
      product[c] += gradient * (in - mean[c]);
    }
  }
}

template <class T, class A>
void gradient_sums(const T* x, const T* g, int64_t rows, int64_t channels, const A* mean, const A* scale,
                   const A* shift, bool relu, double* sum, double* product) {
  A block_sum[kTile], block_product[kTile];
  for (int64_t c = 0; c < channels; ++c) sum[c] = product[c] = 0;
  for (int64_t tile = 0; tile < channels; tile += kTile) {
    const int64_t width = smaller(kTile, channels - tile);
    const int64_t block = kBlock / width;
    for (int64_t r = 0; r < rows; r += block) {
      const int64_t count = smaller(block, rows - r), at = r * channels + tile;
      const auto sums = relu ? block_sums<true, T, A> : block_sums<false, T, A>;
      sums(x + at, g + at, count, channels, width, mean + tile, scale + tile, shift + tile, block_sum, block_product);
      for (int64_t c = 0; c < width; ++c) {
        sum[tile + c] += static_cast<double>(block_sum[c]);
        product[tile + c] += static_cast<double>(block_product[c]);
      }
    }
  }
}

template <bool kRelu, class T, class G, class A>
void gradient_rows(const T* __restrict x, const G* __restrict g, int64_t rows, int64_t channels,
                   const A* __restrict mean, const A* __restrict scale, const A* __restrict shift,
                   const A* __restrict slope, const A* __restrict offset, T* __restrict dx) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < channels; ++c) {
      const A in = value(x[r * channels + c]);
      A gradient = value(g[r * channels + c]);
      if (kRelu) gradient = in * scale[c] + shift[c] <= 0 ? 0 : gradient;
      store(scale[c] * gradient + (slope[c] * (in - mean[c]) + offset[c]), dx[r * channels + c]);
    }
  }
}

template <class T, class A>
void gradient(const T* x, const T* g, int64_t rows, int64_t channels, const A* mean, const A* scale, const A* shift,
              const A* slope, const A* offset, bool relu, T* dx) {
  const auto pass = relu ? gradient_rows<true, T, T, A> : gradient_rows<false, T, T, A>;
  pass(x, g, rows, channels, mean, scale, shift, slope, offset, dx);
}

constexpr int64_t kLanes = 32;  // channels at a time, whose state stays in registers

struct AllLanes {
  constexpr operator int64_t() const { return kLanes; }
};

// pass(first channel, how many): the compiler knows the number of all but the last, and unrolls their loops.
template <class Pass>
inline __attribute__((always_inline)) void by_lanes(int64_t channels, const Pass& pass) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) pass(c, AllLanes());
  if (c < channels) pass(c, channels - c);
}

// One position of the pooled map.
template <class T, class A>
void pool_position(const T* __restrict x, MapSize size, int64_t row, int64_t column, const A* __restrict scale,
                   const A* __restrict shift, T* __restrict y, uint8_t* __restrict from) {
  by_lanes(size.channels, [&](int64_t first, auto lanes) {
    A best[kLanes] = {};
    int32_t at[kLanes];
    for (int64_t c = 0; c < lanes; ++c) at[c] = kNowhere;
    for (int32_t k = 0; k < kNowhere; ++k) {
      const int64_t in_row = 2 * row - 1 + k / 3, in_column = 2 * column - 1 + k % 3;
      if (in_row < 0 || in_row >= size.height || in_column < 0 || in_column >= size.width) continue;
      const T* __restrict in = x + (in_row * size.width + in_column) * size.channels + first;
      for (int64_t c = 0; c < lanes; ++c) {
        const A candidate = value(in[c]) * scale[first + c] + shift[first + c];
        const bool wins = candidate > best[c] || candidate != candidate;  // nothing wins against NaN
        best[c] = wins ? candidate : best[c];
        at[c] = wins ? k : at[c];
      }
    }
    for (int64_t c = 0; c < lanes; ++c) {
      store(best[c], y[first + c]);
      from[first + c] = static_cast<uint8_t>(at[c]);
    }
  });
}

template <class T, class A>
void pool(const T* x, MapSize size, int64_t begin, int64_t end, const A* scale, const A* shift, T* y, uint8_t* from) {
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t column = 0; column < size.pooled_width(); ++column) {
      const int64_t at = (row * size.pooled_width() + column) * size.channels;
      pool_position(x, size, row, column, scale, shift, y + at, from + at);
    }
  }
}

// g at one position of the map before pooling: the sum over the windows that chose it.
template <class T, class A>
void pooled_gradient_at(const T* __restrict dy, const uint8_t* __restrict from, MapSize size, int64_t row,
                        int64_t column, int64_t width, A* __restrict g) {
  for (int64_t c = 0; c < width; ++c) g[c] = 0;
  for (int64_t r = row / 2; r <= (row + 1) / 2 && r < size.pooled_height(); ++r) {
    for (int64_t w = column / 2; w <= (column + 1) / 2 && w < size.pooled_width(); ++w) {
      const auto k = static_cast<int32_t>((row + 1 - 2 * r) * 3 + column + 1 - 2 * w);
      const int64_t at = (r * size.pooled_width() + w) * size.channels;
      for (int64_t c = 0; c < width; ++c) {
        const A gradient = value(dy[at + c]);
        g[c] += static_cast<int32_t>(from[at + c]) == k ? gradient : 0;
      }
    }
  }
}

template <class T, class A>
void pooled_gradient_sums(const T* x, const T* dy, const uint8_t* from, MapSize size, int64_t begin, int64_t end,
                          const A* mean, double* sum, double* product) {
  A g[kTile], row_sum[kTile], row_product[kTile];
  for (int64_t c = 0; c < size.channels; ++c) sum[c] = product[c] = 0;
  for (int64_t tile = 0; tile < size.channels; tile += kTile) {
    const int64_t width = smaller(kTile, size.channels - tile);
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t c = 0; c < width; ++c) row_sum[c] = row_product[c] = 0;
      for (int64_t column = 0; column < size.width; ++column) {
        pooled_gradient_at(dy + tile, from + tile, size, row, column, width, g);
        const T* __restrict in = x + (row * size.width + column) * size.channels + tile;
        for (int64_t c = 0; c < width; ++c) {
          row_sum[c] += g[c];
          row_product[c] += g[c] * (value(in[c]) - mean[tile + c]);
        }
      }
      for (int64_t c = 0; c < width; ++c) {
        sum[tile + c] += static_cast<double>(row_sum[c]);
        product[tile + c] += static_cast<double>(row_product[c]);
      }
    }
  }
}

template <class T, class A>
void pooled_gradient(const T* x, const T* dy, const uint8_t* from, MapSize size, int64_t begin, int64_t end,
                     const A* mean, const A* scale, const A* slope, const A* offset, T* dx) {
  A g[kTile];
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t column = 0; column < size.width; ++column) {
      for (int64_t tile = 0; tile < size.channels; tile += kTile) {
        const int64_t width = smaller(kTile, size.channels - tile);
        pooled_gradient_at(dy + tile, from + tile, size, row, column, width, g);
        const int64_t at = (row * size.width + column) * size.channels + tile;
        gradient_rows<false>(x + at, g, 1, width, mean + tile, scale + tile, scale + tile, slope + tile, offset + tile,
                             dx + at);
      }
    }
  }
}

template <class T, class A>
constexpr NormKernels<T, A> kernels_of() {
  return {moments<T, A>,
          normalize<T, A>,
          open_gates<T>,
          gradient_sums<T, A>,
          gradient<T, A>,
          pool<T, A>,
          pooled_gradient_sums<T, A>,
          pooled_gradient<T, A>};
}

constexpr AllNormKernels kKernels = {kernels_of<float, float>(), kernels_of<double, double>(),
                                     kernels_of<Bfloat16Bits, float>()};

}  // namespace
}  // namespace pdmp::kernels
