// LibTorch's tensor without its functions. Sources include the functions they use one by one (<ATen/ops/...>): all of
// them take the compiler 9 s in each source, modules (pdmp/torch.h) 15 s.
#pragma once

#include <ATen/core/Tensor.h>

#include "pdmp/fwd.h"
