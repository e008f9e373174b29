#include "pdmp/memory.h"

#include <climits>
#include <cstdlib>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace pdmp {

bool keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int kNothingIsMapped = 1 << 30, kGrowth = 64 << 20;
  return mallopt(M_MMAP_THRESHOLD, kNothingIsMapped) == 1 && mallopt(M_TRIM_THRESHOLD, INT_MAX) == 1 &&
         mallopt(M_TOP_PAD, kGrowth) == 1;
#else
  return false;
#endif
}

}  // namespace pdmp
