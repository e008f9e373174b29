#include "models/layers/winograd_kernels_body.h"

namespace pdmp {

const WinogradKernels kPortableWinogradKernels = kKernels;

}  // namespace pdmp
