#include "base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "base/capture_terminal.h"
#include "base/log.h"

namespace pdmp {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(FormatDuration, SaysWhatAPersonWouldSay) {
  EXPECT_EQ(format_duration(0.44), "0.4 s");
  EXPECT_EQ(format_duration(9.96), "10 s");
  EXPECT_EQ(format_duration(12), "12 s");
  EXPECT_EQ(format_duration(59.6), "1 min 00 s");
  EXPECT_EQ(format_duration(185), "3 min 05 s");
  EXPECT_EQ(format_duration(3599.7), "1 h 00 min");
  EXPECT_EQ(format_duration(7800), "2 h 10 min");
  EXPECT_EQ(format_duration(7829), "2 h 10 min");
  EXPECT_EQ(format_duration(100 * 3600), "100 h 00 min");
  EXPECT_EQ(format_duration(-1), "?");
  EXPECT_EQ(format_duration(1.0 / 0.0), "?");
}

TEST(ProgressLine, RateAndTimeLeft) {
  ProgressNumbers numbers{"train", "batch", "loss 0.42", 50, 100, 4};
  EXPECT_EQ(progress_line(numbers, 0), "train 50/100 batch (50 %), 12.5 batch/s, 4.0 s left, loss 0.42");
  EXPECT_EQ(progress_line(numbers, 200),
            "train [############............] 50/100 batch (50 %), 12.5 batch/s, 4.0 s left, loss 0.42");
  numbers.done = 100;
  numbers.note = "";
  numbers.seconds = 200;
  EXPECT_EQ(progress_line(numbers, 0), "train 100/100 batch (100 %), 0.5 batch/s, 3 min 20 s");
}

TEST(ProgressLine, NothingDoneYetAndUnknownTotal) {
  EXPECT_EQ(progress_line({"read", "file", "", 0, 10, 0}, 0), "read 0/10 file (0 %)");
  EXPECT_EQ(progress_line({"read", "file", "", 0, 0, 0}, 80), "read 0 file");
  EXPECT_EQ(progress_line({"read", "file", "", 7, 0, 2}, 80), "read 7 file, 3.5 file/s, 2.0 s");
}

TEST(ProgressLine, NeverSaysHundredBeforeTheEnd) {
  EXPECT_THAT(progress_line({"x", "b", "", 9999, 10000, 1}, 0), HasSubstr("(99 %)"));
}

TEST(ProgressLine, FitsTheTerminal) {
  const ProgressNumbers numbers{"caf\xC3\xA9", "batch", "loss 0.42", 50, 100, 4};
  EXPECT_EQ(progress_line(numbers, 65), "caf\xC3\xA9 50/100 batch (50 %), 12.5 batch/s, 4.0 s left, loss 0.42");
  EXPECT_EQ(progress_line(numbers, 8), "caf\xC3\xA9 50/");
  EXPECT_EQ(progress_line(numbers, 4), "caf\xC3\xA9");
}

TEST(ProgressLine, MoreDoneThanExpectedStaysSane) {
  EXPECT_THAT(progress_line({"x", "b", "", 12, 10, 1}, 100), HasSubstr("[########################] 12/10 b"));
}

TEST(Progress, OnePlainLineAtTheEndWithoutATerminal) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress("train", 3, "batch");
    for (int i = 0; i < 3; ++i) progress.advance();
    progress.note("loss 0.42");
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, ::testing::StartsWith("train 3/3 batch (100 %)"));
  EXPECT_THAT(text, EndsWith(", loss 0.42\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST(Progress, SilentWhenQuietOrUnnamed) {
  ::testing::internal::CaptureStderr();
  set_quiet(true);
  { Progress("train", 3, "batch").advance(3); }
  set_quiet(false);
  { Progress("", 3, "batch").advance(3); }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, RedrawsOneLineOfATerminal) {
  testing::CaptureTerminal terminal(70);
  {
    Progress progress("train", 4, "batch");
    progress.advance();  // too soon after the start to be drawn
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    progress.advance();
    log_info("a message");
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    progress.advance(2);
  }
  const std::string text = terminal.text();
  EXPECT_THAT(text, ::testing::StartsWith("train 2/4 batch (50 %)"));
  EXPECT_THAT(text, Not(HasSubstr("1/4")));
  // The message erases the bar, stands on a line of its own, and the bar comes back below it.
  EXPECT_THAT(text, HasSubstr("\r\x1B[Ka message\r\ntrain 2/4"));
  EXPECT_THAT(text, HasSubstr("\r\x1B[Ktrain 4/4 batch (100 %)"));
  EXPECT_THAT(text, EndsWith(" s\r\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

}  // namespace
}  // namespace pdmp
