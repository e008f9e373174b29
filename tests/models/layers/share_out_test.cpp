#include "models/layers/share_out.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <vector>

namespace pdmp::models {
namespace {

TEST(ShareOut, OnAllThreadsEachOnce) {
  const int threads = at::get_num_threads();
  at::set_num_threads(2);
  std::vector<std::thread::id> by(101);
  std::vector<int> number(by.size()), times(by.size());
  share_out(101, [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    by[at] = std::this_thread::get_id();
    number[at] = at::get_thread_num();
    ++times[at];
  });
  at::set_num_threads(threads);
  EXPECT_EQ(times, std::vector<int>(by.size(), 1));
  EXPECT_EQ(std::set<std::thread::id>(by.begin(), by.end()).size(), 2u);
  EXPECT_EQ(number.front(), 0);
  EXPECT_EQ(number.back(), 1);
}

TEST(ShareOut, NothingToDo) {
  share_out(0, [](int64_t) { FAIL(); });
}

}  // namespace
}  // namespace pdmp::models
