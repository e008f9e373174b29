#include "pdmp/memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <vector>

namespace pdmp {
namespace {

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// Page faults of filling as much memory as a large map takes.
long faults_of_a_large_vector() {
  const long before = page_faults();
  const std::vector<char> numbers(128 << 20, '\1');
  EXPECT_EQ(numbers.back(), '\1');
  return page_faults() - before;
}

TEST(KeepFreedMemory, MemoryIsUsedAgainWithoutThePagesBeingMadeAnew) {
  if (!keep_freed_memory()) GTEST_SKIP() << "this C library cannot be told";
  faults_of_a_large_vector();
  EXPECT_LT(faults_of_a_large_vector(), 100);  // of 32768 pages
}

}  // namespace
}  // namespace pdmp
