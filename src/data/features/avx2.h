// Inner loops compiled twice, for any CPU and for those with AVX2, and chosen when the program runs. Without FMA: both
// give the same numbers to the last bit.
//   PDMP_INLINE void loop(...) { ... }
//   void loop_anywhere(...) { loop(...); }
//   PDMP_AVX2 void loop_avx2(...) { loop(...); }
#pragma once

#define PDMP_INLINE inline __attribute__((always_inline))
#if defined(__x86_64__)
#define PDMP_AVX2 __attribute__((target("avx2")))
#else
#define PDMP_AVX2
#endif

namespace pdmp::data {

inline bool has_avx2() {
#if defined(__x86_64__)
  static const bool found = __builtin_cpu_supports("avx2") != 0;
  return found;
#else
  return false;
#endif
}

}  // namespace pdmp::data
