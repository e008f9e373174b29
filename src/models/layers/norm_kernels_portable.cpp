#include "models/layers/norm_kernels_body.h"

namespace pdmp {

const AllNormKernels kPortableNormKernels = kKernels;

}  // namespace pdmp
