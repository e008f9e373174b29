// The most memory a process has had.
#pragma once

#include <cstdint>
#include <sys/resource.h>

namespace pdmp {

// In bytes; `who` as getrusage takes it: this process, or RUSAGE_CHILDREN, the largest of those that have ended.
inline int64_t peak_memory_bytes(int who = RUSAGE_SELF) {
  rusage usage{};
  getrusage(who, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace pdmp
