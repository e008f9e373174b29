// The bodies of the kernels, included once by each file that compiles them for an instruction set. All work on vectors
// of channels, as GCC and Clang know them. Nothing here may come from a header with code in it: see
// norm_kernels_body.h.
#pragma once

#include "models/layers/winograd_kernels.h"

namespace pdmp {
namespace {

// kRows: rows of a product kept in registers, two vectors each.
#if defined(__AVX512F__)
constexpr int64_t kLanes = 16, kRows = 8;
#elif defined(__AVX2__)
constexpr int64_t kLanes = 8, kRows = 4;
#else
constexpr int64_t kLanes = 4, kRows = 4;
#endif
constexpr int64_t kPanel = 2 * kLanes;

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));
typedef uint32_t Bits __attribute__((vector_size(kLanes * sizeof(uint32_t))));
typedef uint16_t Halves __attribute__((vector_size(kLanes * sizeof(uint16_t))));

inline Lanes load(const float* x) {
  Lanes lanes;
  __builtin_memcpy(&lanes, x, sizeof lanes);
  return lanes;
}

inline Lanes load(const Bfloat16Bits* x) {
  Halves halves;
  __builtin_memcpy(&halves, x, sizeof halves);
  const Bits bits = __builtin_convertvector(halves, Bits) << 16;
  return __builtin_bit_cast(Lanes, bits);
}

inline void store(Lanes lanes, float* x) { __builtin_memcpy(x, &lanes, sizeof lanes); }

inline void store(Lanes lanes, Bfloat16Bits* x) {  // to the nearest, ties to even
  const Bits bits = __builtin_bit_cast(Bits, lanes);
  const Bits rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
  const Bits nan = Bits{} + 0x7fc0U;
  const Bits kept = (bits & 0x7fffffffU) > 0x7f800000U ? nan : rounded;
  const Halves halves = __builtin_convertvector(kept, Halves);
  __builtin_memcpy(x, &halves, sizeof halves);
}

// The points of the polynomials are 0, +-sqrt(1/2), +-sqrt(2) and infinity: with 0, +-1, +-2 and infinity, which are
// usual, rounding errors are several times larger.
constexpr float kNear = 0.70710678118654752440F, kFar = 1.41421356237309504880F;

// One dimension of each transform, from kIn to kOut vectors. in(i) reads, out(i, lanes) writes. The transform of the
// filters carries the factors -1/1.5 and 1/6 of the near and far points.
struct MapTransform {
  static constexpr int kIn = 6, kOut = 6;
  template <class In, class Out>
  static void apply(In in, Out out) {
    const Lanes d1 = in(1), d2 = in(2), d3 = in(3), d4 = in(4);
    const Lanes near = d4 - 2.0F * d2, near_odd = kNear * (d3 - 2.0F * d1);
    const Lanes far = d4 - 0.5F * d2, far_odd = kFar * (d3 - 0.5F * d1);
    out(0, in(0) - 2.5F * d2 + d4);
    out(1, near + near_odd);
    out(2, near - near_odd);
    out(3, far + far_odd);
    out(4, far - far_odd);
    out(5, d1 - 2.5F * d3 + in(5));
  }
};

struct ResultTransform {
  static constexpr int kIn = 6, kOut = 4;
  template <class In, class Out>
  static void apply(In in, Out out) {
    const Lanes near = in(1) + in(2), near_odd = kNear * (in(1) - in(2));
    const Lanes far = in(3) + in(4), far_odd = kFar * (in(3) - in(4));
    out(0, in(0) + near + far);
    out(1, near_odd + far_odd);
    out(2, 0.5F * near + 2.0F * far);
    out(3, 0.5F * near_odd + 2.0F * far_odd + in(5));
  }
};

struct ResultGradientTransform {
  static constexpr int kIn = 4, kOut = 6;
  template <class In, class Out>
  static void apply(In in, Out out) {
    const Lanes y0 = in(0), y1 = in(1), y2 = in(2), y3 = in(3);
    const Lanes near = y0 + 0.5F * y2, near_odd = kNear * (y1 + 0.5F * y3);
    const Lanes far = y0 + 2.0F * y2, far_odd = kFar * (y1 + 2.0F * y3);
    out(0, y0);
    out(1, near + near_odd);
    out(2, near - near_odd);
    out(3, far + far_odd);
    out(4, far - far_odd);
    out(5, y3);
  }
};

struct FilterTransform {
  static constexpr int kIn = 3, kOut = 6;
  template <class In, class Out>
  static void apply(In in, Out out) {
    const Lanes g0 = in(0), g1 = in(1), g2 = in(2);
    const Lanes near = (g0 + 0.5F * g2) * (-1 / 1.5F), near_odd = g1 * (-kNear / 1.5F);
    const Lanes far = (g0 + 2.0F * g2) * (1 / 6.0F), far_odd = g1 * (kFar / 6.0F);
    out(0, g0);
    out(1, near + near_odd);
    out(2, near - near_odd);
    out(3, far + far_odd);
    out(4, far - far_odd);
    out(5, g2);
  }
};

struct FilterGradientTransform {
  static constexpr int kIn = 6, kOut = 3;
  template <class In, class Out>
  static void apply(In in, Out out) {
    const Lanes near = (in(1) + in(2)) * (-1 / 1.5F), near_odd = (in(1) - in(2)) * (-kNear / 1.5F);
    const Lanes far = (in(3) + in(4)) * (1 / 6.0F), far_odd = (in(3) - in(4)) * (kFar / 6.0F);
    out(0, in(0) + near + far);
    out(1, near_odd + far_odd);
    out(2, 0.5F * near + 2.0F * far + in(5));
  }
};

// A transform along both dimensions: read(row, column), write(row, column, lanes).
template <class Transform, class Read, class Write>
inline void transform(Read read, Write write) {
  Lanes half[Transform::kIn][Transform::kOut];
#pragma GCC unroll 6
  for (int i = 0; i < Transform::kIn; ++i) {
    Transform::apply([&](int j) { return read(i, j); }, [&](int j, Lanes lanes) { half[i][j] = lanes; });
  }
#pragma GCC unroll 6
  for (int j = 0; j < Transform::kOut; ++j) {
    Transform::apply([&](int i) { return half[i][j]; }, [&](int i, Lanes lanes) { write(i, j, lanes); });
  }
}

// The first position of a tile.
struct Position {
  int64_t sample, row, column;
};

inline Position position_of(const TiledMap& map, int64_t tile) {
  const int64_t wide = map.tiles_wide(), high = map.tiles_high();
  return {tile / (wide * high), tile / wide % high * 4, tile % wide * 4};
}

// Where the channels of the positions of a square lie; those outside of the map are read from zeros.
template <class T, int kSize>
struct Square {
  Square(const T* x, const TiledMap& map, const Position& first) {
    for (int i = 0; i < kSize; ++i) {
      const int64_t row = first.row + i;
      for (int j = 0; j < kSize; ++j) {
        const int64_t column = first.column + j;
        const bool inside = row >= 0 && row < map.height && column >= 0 && column < map.width;
        at[i][j] = inside ? x + ((first.sample * map.height + row) * map.width + column) * map.channels : kZeros;
      }
    }
  }
  static constexpr T kZeros[kMostWinogradChannels] = {};
  const T* at[kSize][kSize];
};

template <class Transform, class T>
void to_tiles(const T* x, const TiledMap& map, int64_t margin, TileRange range, Tiles tiles) {
  float* out = tiles.numbers;
  for (int64_t tile = range.begin; tile < range.end; ++tile, out += map.channels) {
    const Position first = position_of(map, tile);
    const Square<T, Transform::kIn> square(x, map, {first.sample, first.row - margin, first.column - margin});
    for (int64_t c = 0; c < map.channels; c += kLanes) {
      transform<Transform>([&](int i, int j) { return load(square.at[i][j] + c); },
                           [&](int i, int j, Lanes lanes) { store(lanes, out + (i * 6 + j) * tiles.stride + c); });
    }
  }
}

template <class T>
void map_to_tiles(const T* x, TiledMap map, TileRange range, Tiles tiles) {
  to_tiles<MapTransform>(x, map, 1, range, tiles);
}

template <class T>
void gradient_to_tiles(const T* dy, TiledMap map, TileRange range, Tiles tiles) {
  to_tiles<ResultGradientTransform>(dy, map, 0, range, tiles);
}

template <class T>
void tiles_to_map(Tiles tiles, TiledMap map, TileRange range, int64_t channel, AfterConvolution<T> after, T* y) {
  const float* in = tiles.numbers;
  for (int64_t tile = range.begin; tile < range.end; ++tile, in += kPanel) {
    const Position first = position_of(map, tile);
    const int64_t rows = map.height - first.row, columns = map.width - first.column;
    const int64_t at = ((first.sample * map.height + first.row) * map.width + first.column) * map.channels + channel;
    for (int64_t c = 0; c < kPanel; c += kLanes) {
      const Lanes bias = after.bias == nullptr ? Lanes{} : load(after.bias + channel + c);
      const auto read = [&](int i, int j) { return load(in + (i * 6 + j) * tiles.stride + c); };
      const auto write = [&](int i, int j, Lanes lanes) {
        const int64_t offset = at + (i * map.width + j) * map.channels + c;
        lanes += bias;
        if (after.added != nullptr) lanes += load(after.added + offset);
        if (after.relu) lanes = lanes < 0.0F ? Lanes{} : lanes;  // NaN stays
        store(lanes, y + offset);
      };
      if (rows >= 4 && columns >= 4) {
        transform<ResultTransform>(read, write);
      } else {
        transform<ResultTransform>(read, [&](int i, int j, Lanes lanes) {
          if (i < rows && j < columns) write(i, j, lanes);
        });
      }
    }
  }
}

void transform_filters(const float* w, int64_t in, int64_t channel, Tiles to) {
  float turned[9][kLanes][kPanel];  // output channels side by side
  for (int64_t first = 0; first < in; first += kLanes) {
    for (int64_t k = 0; k < kPanel; ++k) {
      for (int64_t at = 0; at < 9; ++at) {
        const float* from = w + ((channel + k) * 9 + at) * in + first;
        for (int64_t c = 0; c < kLanes; ++c) turned[at][c][k] = from[c];
      }
    }
    for (int64_t c = 0; c < kLanes; ++c) {
      for (int64_t k = 0; k < kPanel; k += kLanes) {
        float* out = to.numbers + (first + c) * kPanel + k;
        transform<FilterTransform>([&](int i, int j) { return load(&turned[i * 3 + j][c][k]); },
                                   [&](int i, int j, Lanes lanes) { store(lanes, out + (i * 6 + j) * to.stride); });
      }
    }
  }
}

void transform_turned_filters(const float* w, int64_t out, int64_t in, int64_t channel, Tiles to) {
  for (int64_t k = 0; k < out; ++k) {
    for (int64_t c = 0; c < kPanel; c += kLanes) {
      const float* from = w + k * 9 * in + channel + c;
      float* into = to.numbers + k * kPanel + c;
      transform<FilterTransform>([&](int i, int j) { return load(from + (8 - i * 3 - j) * in); },
                                 [&](int i, int j, Lanes lanes) { store(lanes, into + (i * 6 + j) * to.stride); });
    }
  }
}

template <int64_t kCount>
inline void multiply_rows(const float* v, int64_t in, const float* u, float* m) {
  Lanes left[kCount], right[kCount];
  for (int64_t r = 0; r < kCount; ++r) left[r] = right[r] = Lanes{};
  for (int64_t c = 0; c < in; ++c) {
    const Lanes u_left = load(u + c * kPanel), u_right = load(u + c * kPanel + kLanes);
#pragma GCC unroll 8
    for (int64_t r = 0; r < kCount; ++r) {
      left[r] += v[r * in + c] * u_left;
      right[r] += v[r * in + c] * u_right;
    }
  }
  for (int64_t r = 0; r < kCount; ++r) {
    store(left[r], m + r * kPanel);
    store(right[r], m + r * kPanel + kLanes);
  }
}

// The rows that are left, fewer than kRows.
template <int64_t kCount>
inline void multiply_rest(const float* v, int64_t rows, int64_t in, const float* u, float* m) {
  if (rows == kCount) return multiply_rows<kCount>(v, in, u, m);
  if constexpr (kCount > 1) multiply_rest<kCount - 1>(v, rows, in, u, m);
}

void multiply(Tiles tiles, TransformedFilters filters, int64_t rows, int64_t in, Tiles to) {
  for (int64_t point = 0; point < kWinogradPoints; ++point) {
    const float* v = tiles.numbers + point * tiles.stride;
    const float* u = filters.numbers + point * filters.stride;
    float* m = to.numbers + point * to.stride;
    int64_t r = 0;
    for (; r + kRows <= rows; r += kRows) multiply_rows<kRows>(v + r * in, in, u, m + r * kPanel);
    multiply_rest<kRows - 1>(v + r * in, rows - r, in, u, m + r * kPanel);
  }
}

// kRows filters by a panel of input channels. What these tiles bring is summed by itself first: thousands of tiles
// added one by one would lose digits.
inline void add_block(const float* d, int64_t all_out, const float* v, int64_t rows, int64_t in, float* to) {
  Lanes left[kRows], right[kRows];
  for (int64_t r = 0; r < kRows; ++r) left[r] = right[r] = Lanes{};
  for (int64_t t = 0; t < rows; ++t) {
    const Lanes v_left = load(v + t * in), v_right = load(v + t * in + kLanes);
#pragma GCC unroll 8
    for (int64_t r = 0; r < kRows; ++r) {
      left[r] += d[t * all_out + r] * v_left;
      right[r] += d[t * all_out + r] * v_right;
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    store(left[r] + load(to + r * in), to + r * in);
    store(right[r] + load(to + r * in + kLanes), to + r * in + kLanes);
  }
}

void add_filter_gradients(Tiles gradient, int64_t all_out, Tiles tiles, int64_t rows, int64_t out, int64_t in,
                          Tiles to) {
  for (int64_t point = 0; point < kWinogradPoints; ++point) {
    for (int64_t c = 0; c < in; c += kPanel) {
      for (int64_t k = 0; k < out; k += kRows) {
        add_block(gradient.numbers + point * gradient.stride + k, all_out, tiles.numbers + point * tiles.stride + c,
                  rows, in, to.numbers + point * to.stride + k * in + c);
      }
    }
  }
}

void transform_filter_gradients(TransformedFilters gradients, int64_t out, int64_t in, float* dw) {
  for (int64_t k = 0; k < out; ++k) {
    for (int64_t c = 0; c < in; c += kLanes) {
      const float* from = gradients.numbers + k * in + c;
      transform<FilterGradientTransform>(
          [&](int i, int j) { return load(from + (i * 6 + j) * gradients.stride); },
          [&](int i, int j, Lanes lanes) { store(lanes, dw + (k * 9 + i * 3 + j) * in + c); });
    }
  }
}

template <class T>
constexpr WinogradMaps<T> maps_of() {
  return {map_to_tiles<T>, gradient_to_tiles<T>, tiles_to_map<T>};
}

constexpr WinogradKernels kKernels = {kPanel,
                                      kRows,
                                      maps_of<float>(),
                                      maps_of<Bfloat16Bits>(),
                                      transform_filters,
                                      transform_turned_filters,
                                      multiply,
                                      add_filter_gradients,
                                      transform_filter_gradients};

}  // namespace
}  // namespace pdmp
