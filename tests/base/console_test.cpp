#include "base/console.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sstream>
#include <thread>
#include <vector>

#include "base/files/file.h"
#include "base/log.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST(Console, MessagesGoToStderr) {
  ::testing::internal::CaptureStdout();
  CaptureStderr();
  log_info("hello {} %v");  // no format of any kind
  log_warning("look out");
  EXPECT_EQ(GetCapturedStderr(), "hello {} %v\npdmp: warning: look out\n");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

// The library names options in backticks. What the program itself says ends as it is.
TEST(Console, ShowsOptionsAsFlags) {
  CaptureStderr();
  log_info("more `epochs` would extend it; `pdmp list` knows");
  log_warning("`select` best_test: too good");
  log_error("expected `input`");
  EXPECT_EQ(GetCapturedStderr(),
            "more --epochs would extend it; `pdmp list` knows\npdmp: warning: --select best_test: too good\n"
            "pdmp: expected `input`\n");
}

TEST(Console, QuietLeavesWarnings) {
  CaptureStderr();
  set_log_level(LogLevel::warning);
  EXPECT_FALSE(log_shows(LogLevel::info));
  log_info("hello");
  log_warning("look out");
  set_log_level(LogLevel::info);
  log_info("back");
  EXPECT_EQ(GetCapturedStderr(), "pdmp: warning: look out\nback\n");
}

TEST(Console, LevelsSayWhatStderrShows) {
  CaptureStderr();
  set_log_level(LogLevel::error);
  EXPECT_FALSE(log_shows(LogLevel::warning));
  log_info("hello");
  log_warning("look out");
  log_error("broken");
  set_log_level(LogLevel::info);
  EXPECT_EQ(GetCapturedStderr(), "pdmp: broken\n");
}

TEST(Console, AFileHasEverythingWithTimeAndLevel) {
  const testing::TemporaryDirectory directory;
  directory.write("log", "before\n");
  CaptureStderr();
  set_log_level(LogLevel::error);
  set_log_file(directory / "log");
  log_info("hello\x1B[31m");
  log_warning("look out");
  {
    const SilentInfo silent;
    log_info("trial");
  }
  set_log_file("");
  log_warning("too late");
  set_log_level(LogLevel::info);
  EXPECT_EQ(GetCapturedStderr(), "");
  const std::string stamp = "[0-9-]+ [0-9:]+\\.[0-9][0-9][0-9] ";
  EXPECT_THAT(read_file(directory / "log"), ::testing::MatchesRegex("before\n" + stamp + "info hello\\\\u001b\\[31m\n" +
                                                                    stamp + "warning pdmp: warning: look out\n"));
  testing::expect_error(ErrorKind::io, {"`log-file`", "log/x"}, [&] { set_log_file(directory / "log" / "x"); });
}

TEST(Console, ASinkTakesThePlaceOfStderr) {
  std::ostringstream text;
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(text);
  sink->set_pattern("%l|%v");
  CaptureStderr();
  const auto before = set_log_sink(sink);
  log_warning("look out");
  set_log_sink(before);
  log_info("back");
  EXPECT_EQ(text.str(), "warning|pdmp: warning: look out\n");
  EXPECT_EQ(GetCapturedStderr(), "back\n");
}

TEST(Console, ThreadsDoNotMixLines) {
  CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) log_info(std::string(40, static_cast<char>('a' + t)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = GetCapturedStderr();
  ASSERT_EQ(text.size(), 4u * 50 * 41);
  for (size_t i = 0; i < text.size(); i += 41) {
    EXPECT_EQ(text.substr(i, 41), std::string(40, text[i]) + "\n");
  }
}

}  // namespace
}  // namespace pdmp
