#include "base/phases.h"

#include <chrono>
#include <gmock/gmock.h>
#include <thread>

namespace pdmp {
namespace {

using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;

void pass_time() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

TEST(Phases, APhaseIsWithoutThoseWithinIt) {
  PhaseTimes times;
  times.start();
  const auto start = std::chrono::steady_clock::now();
  {
    const Phase outer("outer");
    const Phase inner("inner", "a");
    pass_time();
  }
  const double all = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto seconds = times.take();
  ASSERT_EQ(seconds.size(), 2U);
  EXPECT_GE(seconds.at("inner a"), 0.002);
  EXPECT_LE(seconds.at("outer") + seconds.at("inner a"), all);
  EXPECT_LT(seconds.at("outer"), seconds.at("inner a"));
}

TEST(Phases, WhatIsOnlyAPartIsNotCountedOnItsOwn) {
  PhaseTimes times;
  times.start();
  {
    const Phase whole("whole", Phase::Nested::included);
    const Phase part("part");
    const Phase deeper("whole", Phase::Nested::included);
    pass_time();
  }
  const Phase after("after");
  EXPECT_THAT(times.take(), Not(Contains(Key("part"))));
}

TEST(Phases, AfterAWholePhaseOthersCountAgain) {
  PhaseTimes times;
  times.start();
  { const Phase whole("whole", Phase::Nested::included); }
  { const Phase next("next"); }
  const auto seconds = times.take();
  EXPECT_THAT(seconds, Contains(Key("whole")));
  EXPECT_THAT(seconds, Contains(Key("next")));
  EXPECT_TRUE(times.take().empty());
}

TEST(Phases, NothingIsTimedBeforeStartAfterStopOrInOtherThreads) {
  PhaseTimes times;
  { const Phase before("before"); }
  times.start();
  std::thread([] { const Phase other("other thread"); }).join();
  times.stop();
  { const Phase after("after"); }
  EXPECT_TRUE(times.take().empty());
}

TEST(Phases, ADeviceIsWaitedForAtBothEnds) {
  int waits = 0;
  PhaseTimes times([&] { ++waits; });
  times.start();
  { const Phase phase("phase"); }
  EXPECT_EQ(waits, 2);
}

}  // namespace
}  // namespace pdmp
