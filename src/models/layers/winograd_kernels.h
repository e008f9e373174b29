// The passes of a convolution by Winograd's minimal filtering F(4x4, 3x3): 36 multiplications for a tile of 4x4 results
// instead of 144 (Lavin and Gray, 2016, section 4). A map lies in channels-last order and is cut into tiles; a tile in
// its transformed form is a matrix of 36 points by channels. Points are apart by `stride` numbers, those of one point
// lie tile after tile, channels side by side. Channels come in whole panels. Compiled for several instruction sets.
#pragma once

#include <cstdint>

#include "models/layers/bfloat16.h"

namespace pdmp {

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

// T: what maps are stored in, float or Bfloat16Bits. Everything between is float.
template <class T>
struct WinogradMaps {
  // Tiles of a map with the positions around them, those outside of the map being 0.
  void (*map_to_tiles)(const T* x, TiledMap map, TileRange range, Tiles tiles);
  // Tiles of the gradient of a result.
  void (*gradient_to_tiles)(const T* dy, TiledMap map, TileRange range, Tiles tiles);
  // One panel of channels, the first of them `channel`, of the result's map.
  void (*tiles_to_map)(Tiles tiles, TiledMap map, TileRange range, int64_t channel, AfterConvolution<T> after, T* y);
};

struct WinogradKernels {
  int64_t panel;  // channels
  int64_t slice;  // filters whose gradients are computed together at least
  WinogradMaps<float> of_float;
  WinogradMaps<Bfloat16Bits> of_bfloat16;

  // w: (out, 3, 3, in). One panel of output channels, the first of them `channel`: points by `in` by panel.
  void (*transform_filters)(const float* w, int64_t in, int64_t channel, Tiles to);
  // For the gradient of the input: w turned by half a turn, from its `out` channels to a panel of its `in` channels.
  void (*transform_turned_filters)(const float* w, int64_t out, int64_t in, int64_t channel, Tiles to);
  // Tiles of a panel from tiles of `in` channels.
  void (*multiply)(Tiles tiles, TransformedFilters filters, int64_t rows, int64_t in, Tiles to);
  // Adds to the gradients of `out` filters, points by out by in, what `rows` tiles bring. A tile of the gradient has
  // `all_out` channels, of which the first `out` count here.
  void (*add_filter_gradients)(Tiles gradient, int64_t all_out, Tiles tiles, int64_t rows, int64_t out, int64_t in,
                               Tiles to);
  // dw: (out, 3, 3, in).
  void (*transform_filter_gradients)(TransformedFilters gradients, int64_t out, int64_t in, float* dw);
};

// Of the best instruction set this CPU has.
const WinogradKernels& winograd_kernels();

extern const WinogradKernels kPortableWinogradKernels;
#if defined(__x86_64__)
extern const WinogradKernels kAvx2WinogradKernels;    // AVX2 and FMA
extern const WinogradKernels kAvx512WinogradKernels;  // AVX-512 F, BW, VL and DQ
#endif

}  // namespace pdmp
