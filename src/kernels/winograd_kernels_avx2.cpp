#if defined(__x86_64__)

#include "kernels/winograd_kernels_body.h"

namespace pdmp {

const AllWinogradKernels kAvx2WinogradKernels = kKernels;

}  // namespace pdmp

#endif
