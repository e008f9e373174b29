// Tensor by name only: for interfaces that pass tensors on. Whoever looks into one includes pdmp/tensor.h.
#pragma once

namespace at {
class Tensor;
}

namespace pdmp {

using Tensor = at::Tensor;

}  // namespace pdmp
