#include "base/log.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "base/capture_terminal.h"

namespace pdmp {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST(Log, MessagesGoToStderr) {
  ::testing::internal::CaptureStdout();
  CaptureStderr();
  log_info("hello {} %v");  // no format of any kind
  log_warning("look out");
  EXPECT_EQ(GetCapturedStderr(), "hello {} %v\npdmp: warning: look out\n");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST(Log, QuietLeavesWarnings) {
  CaptureStderr();
  set_quiet(true);
  EXPECT_TRUE(is_quiet());
  log_info("hello");
  log_warning("look out");
  set_quiet(false);
  log_info("back");
  EXPECT_EQ(GetCapturedStderr(), "pdmp: warning: look out\nback\n");
}

TEST(Log, MessagesStandAboveTheStatusLine) {
  testing::CaptureTerminal terminal(80);
  show_status("working");
  log_warning("w");
  show_status("more");
  show_status("");
  log_info("end");
  EXPECT_EQ(terminal.text(), "working\r\x1B[Kpdmp: warning: w\r\nworking\r\x1B[Kmore\r\x1B[Kend\r\n");
}

TEST(Log, ThreadsDoNotMixLines) {
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
