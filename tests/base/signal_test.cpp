#include "base/signal.h"

#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>

namespace pdmp {
namespace {

class Signal : public ::testing::Test {
 protected:
  Signal() { install_interrupt_handler(); }
  ~Signal() override {
    clear_interrupt();
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
  }
};

TEST_F(Signal, InterruptAndTerminateSetTheFlag) {
  for (const int number : {SIGINT, SIGTERM}) {
    EXPECT_FALSE(interrupted());
    std::raise(number);
    EXPECT_TRUE(interrupted());
    clear_interrupt();
  }
}

TEST_F(Signal, TerminateMayRepeat) {
  std::raise(SIGTERM);
  std::raise(SIGTERM);
  EXPECT_TRUE(interrupted());
}

TEST_F(Signal, ASecondInterruptEndsTheProcess) {
  EXPECT_EXIT(
      {
        std::raise(SIGINT);
        std::raise(SIGINT);
        std::exit(0);
      },
      ::testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace pdmp
