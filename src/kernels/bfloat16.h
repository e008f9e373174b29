// A bfloat16 as it lies in memory, for kernels that may include nothing of LibTorch.
#pragma once

#include <cstdint>

namespace pdmp::kernels {

struct Bfloat16Bits {
  uint16_t bits;
};

}  // namespace pdmp::kernels
