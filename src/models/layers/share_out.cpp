// The one file that is compiled with OpenMP: elsewhere at::parallel_for, a template of LibTorch's headers, would
// quietly do everything on the thread that calls it.
#include "models/layers/share_out.h"

#include <ATen/Parallel.h>

namespace pdmp::models {

void share_out(int64_t count, c10::function_ref<void(int64_t)> pass) {
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) pass(i);
  });
}

}  // namespace pdmp::models
