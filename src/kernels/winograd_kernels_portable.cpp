#include "kernels/winograd_kernels_body.h"

namespace pdmp::kernels {

const AllWinogradKernels kPortableWinogradKernels = kKernels;

}  // namespace pdmp::kernels
