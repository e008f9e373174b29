// The same work for many items, from several threads.
#pragma once

#include <cstdint>
#include <functional>

#include "base/progress.h"

namespace pdmp::data {

// As many threads as LibTorch computes with in this process.
int64_t default_workers();

// Calls work(i) once for each i of 0 ... count - 1, from `workers` threads (at least one), and advances `progress` by
// one each time. Where work throws, nothing new is begun and the exception of the lowest i is thrown here. LibTorch
// computes with one thread in each of them, so that no number depends on `workers`.
void for_each_parallel(int64_t count, int64_t workers, Progress& progress, const std::function<void(int64_t)>& work);

}  // namespace pdmp::data
