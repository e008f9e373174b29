#include "kernels/norm_kernels_body.h"

namespace pdmp {

const AllNormKernels kPortableNormKernels = kKernels;

}  // namespace pdmp
