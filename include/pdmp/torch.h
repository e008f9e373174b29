// The one header of pdmp that includes LibTorch: what a public interface needs of it, nothing else.
#pragma once

#include <torch/nn/functional.h>
#include <torch/nn/modules.h>
#include <torch/types.h>

namespace pdmp {

using torch::Tensor;

}  // namespace pdmp
