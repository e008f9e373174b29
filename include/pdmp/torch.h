// The part of LibTorch that interfaces with modules need. Sources include the layers and functions they use: all of
// torch/nn takes the compiler 7 s more in each of them, precompiled or not.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include "pdmp/tensor.h"
