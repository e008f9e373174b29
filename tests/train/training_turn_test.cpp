#include "train/training_turn.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <atomic>
#include <gtest/gtest.h>
#include <thread>

namespace pdmp::training {
namespace {

Tensor generator_state() { return at::detail::getDefaultCPUGenerator().get_state(); }

TEST(TrainingTurn, GivesTheGeneratorAndTheThreadsBack) {
  const int threads = at::get_num_threads();
  const Tensor before = generator_state();
  {
    const TrainingTurn turn;
    at::set_num_threads(threads + 1);
    at::rand({3});
    {
      const TrainingTurn inner;
      at::rand({3});
    }
    EXPECT_FALSE(at::equal(generator_state(), before));  // the inner one gives nothing back
    EXPECT_EQ(at::get_num_threads(), threads + 1);
  }
  EXPECT_TRUE(at::equal(generator_state(), before));
  EXPECT_EQ(at::get_num_threads(), threads);
}

TEST(TrainingTurn, IsOfOneThreadAtATime) {
  std::atomic<int> inside = 0;
  std::atomic<bool> alone = true;
  const auto work = [&] {
    for (int i = 0; i < 200; ++i) {
      const TrainingTurn turn, again;
      alone = alone && ++inside == 1;
      std::this_thread::yield();
      --inside;
    }
  };
  std::thread first(work), second(work);
  first.join();
  second.join();
  EXPECT_TRUE(alone);
}

}  // namespace
}  // namespace pdmp::training
