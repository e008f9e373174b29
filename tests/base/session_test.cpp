#include "base/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/console.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signal.h"
#include "support/expect_error.h"

namespace pdmp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Notes : Recorder {
  std::vector<std::string> lines;
  std::vector<ProgressReport> reports;
  void on_log(LogLevel level, const std::string& message) override {
    lines.push_back((level == LogLevel::warning ? "warning: " : "") + message);
  }
  void on_progress(const ProgressReport& report) override { reports.push_back(report); }
};

// Nobody listens but sessions, as in a program that is not ours.
struct SessionTest : ::testing::Test {
  SessionTest() { set_program_recorder(nullptr); }
  ~SessionTest() override { install_console(); }
};

TEST_F(SessionTest, WithoutOneNothingIsSaid) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(anyone_listens());
  log_info("hello");
  log_warning("look out");
  { Progress("train", 3, "step").advance(3); }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST_F(SessionTest, TheRecorderHearsWhatItsThreadDoes) {
  const auto notes = std::make_shared<Notes>();
  {
    const Session session(notes);
    log_info("hello\x1B[31m");
    log_warning("look out");
    Progress progress("train", 3, "step");
    progress.advance(3);
    progress.note("loss 0.5");
    std::thread([] { log_info("another thread"); }).join();
  }
  log_info("too late");
  EXPECT_THAT(notes->lines, ElementsAre("hello\\u001b[31m", "warning: look out"));
  ASSERT_EQ(notes->reports.size(), 1u);
  const ProgressReport& last = notes->reports[0];
  EXPECT_EQ(last.label, "train");
  EXPECT_EQ(last.unit, "step");
  EXPECT_EQ(last.note, "loss 0.5");
  EXPECT_EQ(last.done, 3);
  EXPECT_EQ(last.total, 3);
  EXPECT_TRUE(last.last);
}

TEST_F(SessionTest, AThreadThatWorksForAnotherSpeaksForIt) {
  const auto notes = std::make_shared<Notes>();
  const Session session(notes);
  const SessionHandover handover;
  std::thread([&] {
    handover.enter();
    log_info("from a worker");
  }).join();
  EXPECT_THAT(notes->lines, ElementsAre("from a worker"));
}

TEST_F(SessionTest, TheInnerOneHearsAndEachCancels) {
  const auto outer = std::make_shared<Notes>(), inner = std::make_shared<Notes>();
  const CancelToken first, second;
  const Session around(outer, first);
  {
    const Session within(inner, second);
    log_info("a");
    EXPECT_FALSE(interrupted());
    first.cancel();
    EXPECT_TRUE(interrupted());
    first.reset();
    second.cancel();
    testing::expect_error(ErrorKind::interrupted, {"stopped"}, [] { stop_if_interrupted("stopped"); });
  }
  EXPECT_FALSE(interrupted());
  {
    const Session silent_token(nullptr, second);
    log_info("b");
    EXPECT_TRUE(interrupted());
  }
  EXPECT_THAT(inner->lines, ElementsAre("a"));
  EXPECT_THAT(outer->lines, ElementsAre("b"));
}

TEST_F(SessionTest, SilenceIsOfInfoAlone) {
  const auto notes = std::make_shared<Notes>();
  const Session session(notes);
  {
    const SilentInfo silent;
    log_info("trial");
    log_warning("look out");
    Progress("trial", 2, "step").advance(2);
  }
  log_info("back");
  EXPECT_THAT(notes->lines, ElementsAre("warning: look out", "back"));
  EXPECT_THAT(notes->reports, IsEmpty());
}

TEST_F(SessionTest, WhatARecorderThrowsEndsTheCall) {
  struct Throws : Recorder {
    void on_log(LogLevel, const std::string&) override { throw std::runtime_error("enough"); }
  };
  const Session session(std::make_shared<Throws>());
  EXPECT_THROW(log_info("hello"), std::runtime_error);
}

}  // namespace
}  // namespace pdmp
