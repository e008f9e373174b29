#include "kernels/norm_kernels.h"

namespace pdmp::kernels {

const AllNormKernels& norm_kernels() {
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2) return kAvx2NormKernels;
#endif
  return kPortableNormKernels;
}

}  // namespace pdmp::kernels
