// The passes of a convolution by Winograd's minimal filtering F(4x4, 3x3): 36 multiplications for a tile of 4x4 results
// instead of 144 (Lavin and Gray, 2016, section 4). A map lies in channels-last order and is cut into tiles; a tile in
// its transformed form is a matrix of 36 points by channels. Points are apart by `stride` numbers, those of one point
// lie tile after tile, channels side by side. Channels come in whole panels. Compiled for several instruction sets.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"

namespace pdmp::kernels {

constexpr int64_t kWinogradPoints = 36;
constexpr int64_t kMostWinogradChannels = 4096;

struct TiledMap {
  int64_t samples, height, width, channels;
  int64_t tiles_high() const { return (height + 3) / 4; }
  int64_t tiles_wide() const { return (width + 3) / 4; }
  int64_t tiles() const { return samples * tiles_high() * tiles_wide(); }
};

// Tiles begin to end of all samples', in the order of the map.
struct TileRange {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

struct TransformedFilters {
  const float* numbers;
  int64_t stride;
};

struct Tiles {
  float* numbers;
  int64_t stride;
};

// What happens to a result before it is stored. Null: nothing.
template <class T>
struct AfterConvolution {
  const float* bias;  // of each channel
  const T* added;     // a map of the result's shape
  bool relu;
};

// A convolution: its input's map or the gradient of its result's times filters. The tiles and transformed filters are
// in a form of the kernels' own, no larger than described above. T: what maps are stored in, float or Bfloat16Bits.
// What is between is float, unless said otherwise.
template <class T>
struct WinogradProduct {
  // Tiles of a map with the positions around them, those outside of the map being 0.
  void (*map_to_tiles)(const T* x, TiledMap map, TileRange range, Tiles tiles);
  // w: (out, 3, 3, in). Points by input channels by a panel of the channels put out, the first of them `channel`. For
  // the gradient of the input, w is turned by half a turn and what is put out are its `in` channels.
  void (*transform_filters)(const float* w, int64_t out, int64_t in, int64_t channel, Tiles to);
  // Tiles of a panel from tiles of `in` channels.
  void (*multiply)(Tiles tiles, TransformedFilters filters, int64_t rows, int64_t in, Tiles to);
  // The channels from `channel` of the result's map.
  void (*tiles_to_map)(Tiles tiles, TiledMap map, TileRange range, int64_t channel, AfterConvolution<T> after, T* y);
};

template <class T>
struct WinogradFilterGradient {
  void (*map_to_tiles)(const T* x, TiledMap map, TileRange range, Tiles tiles);
  // Tiles of the gradient of a result.
  void (*gradient_to_tiles)(const T* dy, TiledMap map, TileRange range, Tiles tiles);
  // Adds to the gradients of `out` filters, points by out by in, what `rows` tiles bring. A tile of the gradient has
  // `all_out` channels, of which the first `out` count here.
  void (*add)(Tiles gradient, int64_t all_out, Tiles tiles, int64_t rows, int64_t out, int64_t in, Tiles to);
  // dw: (out, 3, 3, in).
  void (*transform)(TransformedFilters gradients, int64_t out, int64_t in, float* dw);
};

template <class T>
struct WinogradKernels {
  WinogradProduct<T> forward;
  WinogradProduct<T> input_gradient;
  WinogradFilterGradient<T> filter_gradient;
};

struct AllWinogradKernels {
  int64_t panel;  // channels
  WinogradKernels<float> of_float;
  // With AVX512-BF16 what is multiplied for gradients is rounded to bfloat16 and its sums are float.
  WinogradKernels<Bfloat16Bits> of_bfloat16;
};

// Of the best instruction set this CPU has.
const AllWinogradKernels& winograd_kernels();

extern const AllWinogradKernels kPortableWinogradKernels;
#if defined(__x86_64__)
extern const AllWinogradKernels kAvx2WinogradKernels;        // AVX2 and FMA
extern const AllWinogradKernels kAvx512WinogradKernels;      // AVX-512 F, BW, VL and DQ
extern const AllWinogradKernels kAvx512Bf16WinogradKernels;  // and BF16
#endif

}  // namespace pdmp::kernels
