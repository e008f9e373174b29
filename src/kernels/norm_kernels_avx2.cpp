#if defined(__x86_64__)

#include "kernels/norm_kernels_body.h"

namespace pdmp::kernels {

const AllNormKernels kAvx2NormKernels = kKernels;

}  // namespace pdmp::kernels

#endif
