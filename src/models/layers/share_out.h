// Work of a layer on the threads LibTorch computes with.
#pragma once

#include <c10/util/FunctionRef.h>
#include <cstdint>

namespace pdmp::models {

// pass(i) for each i from 0 to count, every thread (at::get_thread_num()) taking neighbours one after the other.
void share_out(int64_t count, c10::function_ref<void(int64_t)> pass);

}  // namespace pdmp::models
