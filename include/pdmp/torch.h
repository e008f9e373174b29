// What a public interface needs of LibTorch, nothing else: tensors and modules. Sources include the layers and
// functions they use themselves: all of torch/nn costs the compiler 7 s in each of them, precompiled or not.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

namespace pdmp {

using torch::Tensor;

}  // namespace pdmp
