#include "data/loader/parallel.h"

#include <ATen/Parallel.h>
#include <atomic>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::data {
namespace {

TEST(ForEachParallel, DoesEachOnceForAnyNumberOfWorkers) {
  for (const int64_t workers : {0, 1, 3, 50}) {
    std::vector<std::atomic<int>> done(17);
    Progress progress("", 17, "item");
    for_each_parallel(17, workers, progress, [&](int64_t i) { ++done[static_cast<size_t>(i)]; });
    for (const auto& count : done) EXPECT_EQ(count, 1);
  }
}

TEST(ForEachParallel, NothingToDoIsFine) {
  Progress progress("", 0, "item");
  for_each_parallel(0, 4, progress, [](int64_t) { ADD_FAILURE(); });
}

TEST(ForEachParallel, ThrowsTheFirstErrorAndStops) {
  std::atomic<int> done = 0;
  Progress progress("", 1000, "item");
  const auto work = [&](int64_t i) {
    if (i >= 3) throw std::runtime_error("item " + std::to_string(i));
    ++done;
  };
  try {
    for_each_parallel(1000, 1, progress, work);
    ADD_FAILURE() << "no error";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "item 3");
  }
  EXPECT_EQ(done, 3);
}

TEST(ForEachParallel, LeavesTheCallersThreadsAsTheyWere) {
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  Progress progress("", 4, "item");
  std::atomic<int> most = 0;
  for_each_parallel(4, 2, progress, [&](int64_t) { most = std::max<int>(most, at::get_num_threads()); });
  EXPECT_EQ(most, 1);
  EXPECT_EQ(at::get_num_threads(), 2);
  at::set_num_threads(before);
}

}  // namespace
}  // namespace pdmp::data
