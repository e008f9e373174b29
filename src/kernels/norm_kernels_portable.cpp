#include "kernels/norm_kernels_body.h"

namespace pdmp::kernels {

const AllNormKernels kPortableNormKernels = kKernels;

}  // namespace pdmp::kernels
