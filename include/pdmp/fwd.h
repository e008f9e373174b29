// Forward declaration of Tensor, for interfaces that only pass tensors on. pdmp/tensor.h defines it.
#pragma once

namespace at {
class Tensor;
}

namespace pdmp {

using Tensor = at::Tensor;

}  // namespace pdmp
