#include "kernels/winograd_kernels.h"

namespace pdmp::kernels {

const AllWinogradKernels& winograd_kernels() {
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  static const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  static const bool bf16 = avx512 && __builtin_cpu_supports("avx512bf16");
  if (bf16) return kAvx512Bf16WinogradKernels;
  if (avx512) return kAvx512WinogradKernels;
  if (avx2) return kAvx2WinogradKernels;
#endif
  return kPortableWinogradKernels;
}

}  // namespace pdmp::kernels
