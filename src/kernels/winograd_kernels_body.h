// The bodies of the kernels, included once by each file that compiles them for an instruction set. All work on vectors
// of channels, as GCC and Clang know them. Nothing here may come from a header with code in it: see
// norm_kernels_body.h.
#pragma once

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#include "kernels/winograd_kernels.h"

namespace pdmp::kernels {
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
// Products that a register sums before it is added to the sum of them all. Rounding errors of a long sum grow with its
// length; those of a sum of short ones hardly (docs/performance.md, "Rounding").
constexpr int64_t kRun = 64, kRunOfTiles = 32;

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

inline Bits load(const uint32_t* x) {
  Bits bits;
  __builtin_memcpy(&bits, x, sizeof bits);
  return bits;
}

inline void store(Lanes lanes, float* x) { __builtin_memcpy(x, &lanes, sizeof lanes); }
inline void store(Bits bits, uint32_t* x) { __builtin_memcpy(x, &bits, sizeof bits); }

// As bfloat16: to the nearest, ties to even.
inline Halves rounded(Lanes lanes) {
#if defined(__AVX512BF16__)
  return __builtin_bit_cast(Halves, _mm512_cvtneps_pbh(__builtin_bit_cast(__m512, lanes)));
#else
  const Bits bits = __builtin_bit_cast(Bits, lanes);
  const Bits upper = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
  const Bits nan = Bits{} + 0x7fc0U;
  const Bits kept = (bits & 0x7fffffffU) > 0x7f800000U ? nan : upper;
  return __builtin_convertvector(kept, Halves);
#endif
}

inline void store(Lanes lanes, Bfloat16Bits* x) {
  const Halves halves = rounded(lanes);
  __builtin_memcpy(x, &halves, sizeof halves);
}

// How tiles and filters are multiplied: number by number, or, where the CPU can, two bfloat16 with two others at once.
// A word holds what is multiplied at once: kTogether numbers, neighbours in the sum. So the number of a row and a
// column lies in word row * width + column if the sum is along the columns (`beside`), where width counts words, and in
// word row / kTogether * width + column if it is along the rows (`below`).
struct Singly {
  using Word = float;
  static constexpr int64_t kTogether = 1;
  static Lanes add(Lanes sum, const Word* word, Lanes words) { return sum + *word * words; }
  static void store_beside(Lanes lanes, float* matrix, int64_t row, int64_t width, int64_t column) {
    store(lanes, matrix + row * width + column);
  }
  static void store_below(Lanes lanes, float* matrix, int64_t row, int64_t width, int64_t column) {
    store(lanes, matrix + row * width + column);
  }
};

#if defined(__AVX512BF16__)
struct InPairs {
  using Word = uint32_t;
  static constexpr int64_t kTogether = 2;
  static Lanes add(Lanes sum, const Word* word, Bits words) {
    const Bits same = Bits{} + *word;
    return __builtin_bit_cast(Lanes,
                              _mm512_dpbf16_ps(__builtin_bit_cast(__m512, sum), __builtin_bit_cast(__m512bh, same),
                                               __builtin_bit_cast(__m512bh, words)));
  }
  static void store_beside(Lanes lanes, float* matrix, int64_t row, int64_t width, int64_t column) {
    const Halves halves = rounded(lanes);
    __builtin_memcpy(reinterpret_cast<char*>(matrix + row * width) + column * 2, &halves, sizeof halves);
  }
  static void store_below(Lanes lanes, float* matrix, int64_t row, int64_t width, int64_t column) {
    auto* word = reinterpret_cast<uint32_t*>(matrix) + row / 2 * width + column;
    const Bits bits = __builtin_convertvector(rounded(lanes), Bits);
    store(row % 2 == 0 ? bits : load(word) | bits << 16, word);  // alone, with 0
  }
};
#else
using InPairs = Singly;
#endif

// The points of the polynomials are 0, +-sqrt(1/2), +-sqrt(2) and infinity: with 0, +-1, +-2 and infinity, which are
// usual, what is rounded there is amplified twice as much (docs/performance.md, "Rounding").
constexpr float kNear = 0.70710678118654752440F, kFar = 1.41421356237309504880F;

// The values at all six points. Those at a point and at its negative share the even and the odd part.
template <class Out>
inline void put_points(Out out, Lanes at_zero, Lanes near, Lanes near_odd, Lanes far, Lanes far_odd,
                       Lanes at_infinity) {
  out(0, at_zero);
  out(1, near + near_odd);
  out(2, near - near_odd);
  out(3, far + far_odd);
  out(4, far - far_odd);
  out(5, at_infinity);
}

// One dimension of each transform, from kIn to kOut vectors. in(i) reads, out(i, lanes) writes. The transform of the
// filters carries the factors -1/1.5 and 1/6 of the near and far points.
struct MapTransform {
  static constexpr int kIn = 6, kOut = 6;
  template <class In, class Out>
  static void apply(In in, Out out) {
    const Lanes d1 = in(1), d2 = in(2), d3 = in(3), d4 = in(4);
    const Lanes near = d4 - 2.0F * d2, near_odd = kNear * (d3 - 2.0F * d1);
    const Lanes far = d4 - 0.5F * d2, far_odd = kFar * (d3 - 0.5F * d1);
    put_points(out, in(0) - 2.5F * d2 + d4, near, near_odd, far, far_odd, d1 - 2.5F * d3 + in(5));
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
    put_points(out, y0, near, near_odd, far, far_odd, y3);
  }
};

struct FilterTransform {
  static constexpr int kIn = 3, kOut = 6;
  template <class In, class Out>
  static void apply(In in, Out out) {
    const Lanes g0 = in(0), g1 = in(1), g2 = in(2);
    const Lanes near = (g0 + 0.5F * g2) * (-1 / 1.5F), near_odd = g1 * (-kNear / 1.5F);
    const Lanes far = (g0 + 2.0F * g2) * (1 / 6.0F), far_odd = g1 * (kFar / 6.0F);
    put_points(out, g0, near, near_odd, far, far_odd, g2);
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

// put(lanes, point's matrix, row, column)
template <class Transform, class T, class Put>
void to_tiles(const T* x, const TiledMap& map, int64_t margin, TileRange range, Tiles tiles, Put put) {
  for (int64_t tile = range.begin; tile < range.end; ++tile) {
    const Position first = position_of(map, tile);
    const Square<T, Transform::kIn> square(x, map, {first.sample, first.row - margin, first.column - margin});
    for (int64_t c = 0; c < map.channels; c += kLanes) {
      transform<Transform>([&](int i, int j) { return load(square.at[i][j] + c); },
                           [&](int i, int j, Lanes lanes) {
                             put(lanes, tiles.numbers + (i * 6 + j) * tiles.stride, tile - range.begin, c);
                           });
    }
  }
}

template <class Arithmetic, class T>
void map_to_tiles(const T* x, TiledMap map, TileRange range, Tiles tiles) {
  const int64_t words = map.channels / Arithmetic::kTogether;
  to_tiles<MapTransform>(x, map, 1, range, tiles, [=](Lanes lanes, float* matrix, int64_t row, int64_t column) {
    Arithmetic::store_beside(lanes, matrix, row, words, column);
  });
}

template <class Arithmetic, class T>
void map_to_tiles_of_sums(const T* x, TiledMap map, TileRange range, Tiles tiles) {
  to_tiles<MapTransform>(x, map, 1, range, tiles, [=](Lanes lanes, float* matrix, int64_t row, int64_t column) {
    Arithmetic::store_below(lanes, matrix, row, map.channels, column);
  });
}

template <class Arithmetic, class T>
void gradient_to_tiles(const T* dy, TiledMap map, TileRange range, Tiles tiles) {
  to_tiles<ResultGradientTransform>(dy, map, 0, range, tiles,
                                    [=](Lanes lanes, float* matrix, int64_t row, int64_t column) {
                                      Arithmetic::store_below(lanes, matrix, row, map.channels, column);
                                    });
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

void transform_filters(const float* w, int64_t, int64_t in, int64_t channel, Tiles to) {
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

template <class Arithmetic>
void transform_turned_filters(const float* w, int64_t out, int64_t in, int64_t channel, Tiles to) {
  for (int64_t k = 0; k < out; ++k) {
    for (int64_t c = 0; c < kPanel; c += kLanes) {
      const float* from = w + k * 9 * in + channel + c;
      transform<FilterTransform>([&](int i, int j) { return load(from + (8 - i * 3 - j) * in); },
                                 [&](int i, int j, Lanes lanes) {
                                   Arithmetic::store_below(lanes, to.numbers + (i * 6 + j) * to.stride, k, kPanel, c);
                                 });
    }
  }
}

template <class Arithmetic>
const typename Arithmetic::Word* words(const float* numbers) {
  return reinterpret_cast<const typename Arithmetic::Word*>(numbers);
}

// The sum of the first run is stored, those of the others added.
inline void put_sum(Lanes sum, int64_t first, float* to) { store(first == 0 ? sum : load(to) + sum, to); }

template <class Arithmetic, int64_t kCount, class Word>
inline void multiply_rows(const Word* v, int64_t in, const Word* u, float* m) {
  for (int64_t first = 0; first < in; first += kRun) {
    const int64_t end = first + kRun < in ? first + kRun : in;
    Lanes left[kCount], right[kCount];
    for (int64_t r = 0; r < kCount; ++r) left[r] = right[r] = Lanes{};
    for (int64_t c = first; c < end; ++c) {
      const auto u_left = load(u + c * kPanel), u_right = load(u + c * kPanel + kLanes);
#pragma GCC unroll 8
      for (int64_t r = 0; r < kCount; ++r) {
        left[r] = Arithmetic::add(left[r], v + r * in + c, u_left);
        right[r] = Arithmetic::add(right[r], v + r * in + c, u_right);
      }
    }
    for (int64_t r = 0; r < kCount; ++r) {
      put_sum(left[r], first, m + r * kPanel);
      put_sum(right[r], first, m + r * kPanel + kLanes);
    }
  }
}

// The rows that are left, fewer than kRows.
template <class Arithmetic, int64_t kCount, class Word>
inline void multiply_rest(const Word* v, int64_t rows, int64_t in, const Word* u, float* m) {
  if (rows == kCount) return multiply_rows<Arithmetic, kCount>(v, in, u, m);
  if constexpr (kCount > 1) multiply_rest<Arithmetic, kCount - 1>(v, rows, in, u, m);
}

template <class Arithmetic>
void multiply(Tiles tiles, TransformedFilters filters, int64_t rows, int64_t channels, Tiles to) {
  const int64_t in = channels / Arithmetic::kTogether;
  for (int64_t point = 0; point < kWinogradPoints; ++point) {
    const auto* v = words<Arithmetic>(tiles.numbers + point * tiles.stride);
    const auto* u = words<Arithmetic>(filters.numbers + point * filters.stride);
    float* m = to.numbers + point * to.stride;
    int64_t r = 0;
    for (; r + kRows <= rows; r += kRows) multiply_rows<Arithmetic, kRows>(v + r * in, in, u, m + r * kPanel);
    multiply_rest<Arithmetic, kRows - 1>(v + r * in, rows - r, in, u, m + r * kPanel);
  }
}

// kRows filters by a panel of input channels. What these tiles bring is summed by itself first: thousands of tiles
// added one by one would lose digits.
template <class Arithmetic, class Word>
inline void add_block(const Word* d, int64_t all_out, const Word* v, int64_t rows, int64_t in, float* to) {
  Lanes sums[kRows][2] = {};
  for (int64_t first = 0; first < rows; first += kRunOfTiles) {
    const int64_t end = first + kRunOfTiles < rows ? first + kRunOfTiles : rows;
    Lanes left[kRows], right[kRows];
    for (int64_t r = 0; r < kRows; ++r) left[r] = right[r] = Lanes{};
    for (int64_t t = first; t < end; ++t) {
      const auto v_left = load(v + t * in), v_right = load(v + t * in + kLanes);
#pragma GCC unroll 8
      for (int64_t r = 0; r < kRows; ++r) {
        left[r] = Arithmetic::add(left[r], d + t * all_out + r, v_left);
        right[r] = Arithmetic::add(right[r], d + t * all_out + r, v_right);
      }
    }
    for (int64_t r = 0; r < kRows; ++r) {
      sums[r][0] += left[r];
      sums[r][1] += right[r];
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    store(sums[r][0] + load(to + r * in), to + r * in);
    store(sums[r][1] + load(to + r * in + kLanes), to + r * in + kLanes);
  }
}

template <class Arithmetic>
void add_filter_gradients(Tiles gradient, int64_t all_out, Tiles tiles, int64_t rows, int64_t out, int64_t in,
                          Tiles to) {
  const int64_t together = (rows + Arithmetic::kTogether - 1) / Arithmetic::kTogether;
  for (int64_t point = 0; point < kWinogradPoints; ++point) {
    const auto* d = words<Arithmetic>(gradient.numbers + point * gradient.stride);
    const auto* v = words<Arithmetic>(tiles.numbers + point * tiles.stride);
    for (int64_t c = 0; c < in; c += kPanel) {
      for (int64_t k = 0; k < out; k += kRows) {
        add_block<Arithmetic>(d + k, all_out, v + c, together, in, to.numbers + point * to.stride + k * in + c);
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

template <class T, class Backward>
constexpr WinogradKernels<T> kernels_of() {
  return {{map_to_tiles<Singly, T>, transform_filters, multiply<Singly>, tiles_to_map<T>},
          {map_to_tiles<Backward, T>, transform_turned_filters<Backward>, multiply<Backward>, tiles_to_map<T>},
          {map_to_tiles_of_sums<Backward, T>, gradient_to_tiles<Backward, T>, add_filter_gradients<Backward>,
           transform_filter_gradients}};
}

constexpr AllWinogradKernels kKernels = {kPanel, kernels_of<float, Singly>(), kernels_of<Bfloat16Bits, InPairs>()};

}  // namespace
}  // namespace pdmp::kernels
