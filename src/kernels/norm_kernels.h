// The passes of BatchNorm over a map in channels-last order: a matrix of rows (positions of all samples) by channels.
// Each takes a run of rows, so that its caller shares them out. Compiled for several instruction sets.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"

namespace pdmp::kernels {

// Of a map before pooling, and after it.
struct MapSize {
  int64_t height, width, channels;
  int64_t pooled_height() const { return (height + 1) / 2; }
  int64_t pooled_width() const { return (width + 1) / 2; }
};

constexpr uint8_t kNowhere = 9;

// T: what maps are stored in: float, double or Bfloat16Bits. A: what is computed in: double for double, else float.
template <class T, class A>
struct NormKernels {
  // Mean of each channel and sum of the squares of the deviations from it.
  void (*moments)(const T* x, int64_t rows, int64_t channels, double* mean, double* squares);
  // y = x * scale + shift + added (where not null); negative ones become zero where `relu`.
  void (*normalize)(const T* x, const T* added, int64_t rows, int64_t channels, const A* scale, const A* shift,
                    bool relu, T* y);
  // g = dy where y > 0, else 0.
  void (*open_gates)(const T* dy, const T* y, int64_t rows, int64_t channels, T* g);
  // Sums of g and of g * (x - mean). With `relu`, only where x * scale + shift > 0.
  void (*gradient_sums)(const T* x, const T* g, int64_t rows, int64_t channels, const A* mean, const A* scale,
                        const A* shift, bool relu, double* sum, double* product);
  // dx = scale * g + slope * (x - mean) + offset. With `relu`, g counts only where x * scale + shift > 0.
  void (*gradient)(const T* x, const T* g, int64_t rows, int64_t channels, const A* mean, const A* scale,
                   const A* shift, const A* slope, const A* offset, bool relu, T* dx);

  // Of one sample's map: y = max pooling (3x3, stride 2, one position of padding) of relu(x * scale + shift), for the
  // rows begin to end of y. `from` tells which of its nine positions each of y came from; kNowhere where y is 0.
  void (*pool)(const T* x, MapSize size, int64_t begin, int64_t end, const A* scale, const A* shift, T* y,
               uint8_t* from);
  // As above, for the rows begin to end of x, with g the gradient that comes back through `pool` of the gradient dy.
  void (*pooled_gradient_sums)(const T* x, const T* dy, const uint8_t* from, MapSize size, int64_t begin, int64_t end,
                               const A* mean, double* sum, double* product);
  void (*pooled_gradient)(const T* x, const T* dy, const uint8_t* from, MapSize size, int64_t begin, int64_t end,
                          const A* mean, const A* scale, const A* slope, const A* offset, T* dx);
};

struct AllNormKernels {
  NormKernels<float, float> of_float;
  NormKernels<double, double> of_double;
  NormKernels<Bfloat16Bits, float> of_bfloat16;
};

// Of the best instruction set this CPU has.
const AllNormKernels& norm_kernels();

extern const AllNormKernels kPortableNormKernels;
#if defined(__x86_64__)
extern const AllNormKernels kAvx2NormKernels;  // AVX2 and FMA
#endif

}  // namespace pdmp::kernels
