#include "base/signal.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "support/expect_error.h"

namespace pdmp {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

class Signal : public ::testing::Test {
 protected:
  Signal() { install_interrupt_handler(); }
  ~Signal() override {
    clear_interrupt();
    for (const int number : kSignals) std::signal(number, SIG_DFL);
  }
};

TEST_F(Signal, EachSetsTheFlagAndItsExitCode) {
  for (const int number : kSignals) {
    EXPECT_FALSE(interrupted());
    EXPECT_NO_THROW(stop_if_interrupted("stopped"));
    std::raise(number);
    EXPECT_TRUE(interrupted());
    EXPECT_EQ(interrupt_exit_code(), number == SIGINT ? 130 : 75);
    testing::expect_error(ErrorKind::interrupted, {"stopped"}, [] { stop_if_interrupted("stopped"); });
    clear_interrupt();
  }
}

TEST_F(Signal, ASecondOneEndsTheProcess) {
  for (const int number : kSignals) {
    EXPECT_EXIT(
        {
          std::raise(SIGTERM);
          if (number == SIGTERM) std::this_thread::sleep_for(std::chrono::milliseconds(600));
          std::raise(number);
          std::exit(0);
        },
        ::testing::ExitedWithCode(number == SIGINT ? 130 : 75), "");
  }
}

// timeout sends one to its child and to the group that the child is in.
TEST_F(Signal, TheSameAtOnceIsOneSignal) {
  std::raise(SIGINT);
  std::raise(SIGINT);
  EXPECT_TRUE(interrupted());
  EXPECT_EQ(interrupt_exit_code(), 130);
}

TEST_F(Signal, IgnoredOnesStayIgnored) {
  std::signal(SIGHUP, SIG_IGN);
  install_interrupt_handler();
  std::raise(SIGHUP);
  EXPECT_FALSE(interrupted());
}

// Ctrl-C goes to a child too, which its parent asks to stop afterwards.
TEST_F(Signal, BeingAskedByTheParentIsNoSecondSignal) {
  const pid_t child = fork();
  if (child == 0) {
    std::raise(SIGINT);
    for (int rounds = 0; rounds < 200; ++rounds) {
      timespec pause = {0, 1'000'000};
      nanosleep(&pause, nullptr);
    }
    _exit(interrupt_exit_code() == 130 ? 7 : 8);
  }
  for (int i = 0; i < 5; ++i) {
    timespec pause = {0, 10'000'000};
    nanosleep(&pause, nullptr);
    ask_to_stop(child);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace pdmp
