// LibTorch's tensor without its functions, which sources include one by one (<ATen/ops/...>): all of them cost the
// compiler 9 s in each source, and modules (pdmp/torch.h) 15 s.
#pragma once

#include <ATen/core/Tensor.h>

#include "pdmp/fwd.h"
