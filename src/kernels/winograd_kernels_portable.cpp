#include "kernels/winograd_kernels_body.h"

namespace pdmp {

const AllWinogradKernels kPortableWinogradKernels = kKernels;

}  // namespace pdmp
