// What an interface with modules needs of LibTorch, nothing else. Sources include the layers and functions they use
// themselves: all of torch/nn costs the compiler 7 s more in each of them, precompiled or not.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include "pdmp/tensor.h"
