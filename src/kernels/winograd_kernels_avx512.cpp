#if defined(__x86_64__)

#include "kernels/winograd_kernels_body.h"

namespace pdmp::kernels {

const AllWinogradKernels kAvx512WinogradKernels = kKernels;

}  // namespace pdmp::kernels

#endif
