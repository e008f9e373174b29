#include "base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "base/capture_terminal.h"
#include "base/console.h"
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
  EXPECT_EQ(progress_line(numbers, 200),
            "train [############............] 50/100 batches (50 %), 12.5 batches/s, 4.0 s left, loss 0.42");
  numbers.bar = false;
  EXPECT_EQ(progress_line(numbers, 0), "train 50/100 batches (50 %), 12.5 batches/s, 4.0 s left, loss 0.42");
  numbers.done = 100;
  numbers.note = "";
  numbers.seconds = 200;
  EXPECT_EQ(progress_line(numbers, 0), "train 100/100 batches (100 %), 0.5 batches/s, 3 min 20 s");
}

TEST(ProgressLine, NothingDoneYetAndUnknownTotal) {
  EXPECT_EQ(progress_line({"read", "file", "", 0, 10, 0, false}, 0), "read 0/10 files (0 %)");
  EXPECT_EQ(progress_line({"read", "file", "", 0, 0, 0}, 80), "read 0 files");
  EXPECT_EQ(progress_line({"read", "file", "", 7, 0, 2}, 80), "read 7 files, 3.5 files/s, 2.0 s");
}

TEST(ProgressLine, OneAndMany) {
  EXPECT_EQ(progress_line({"trainings", "training", "", 1, 1, 2, false}, 0),
            "trainings 1/1 training (100 %), 0.5 trainings/s, 2.0 s");
  EXPECT_EQ(progress_line({"trainings", "training", "", 1, 2, 1, false}, 0),
            "trainings 1/2 trainings (50 %), 1 training/s, 1.0 s left");
  EXPECT_EQ(progress_line({"verify", "entry", "", 2, 0, 0}, 0), "verify 2 entries");
  EXPECT_EQ(progress_line({"read", "batch", "", 1, 0, 0}, 0), "read 1 batch");
  EXPECT_EQ(progress_line({"read", "batch", "", 3, 0, 0}, 0), "read 3 batches");
  EXPECT_EQ(progress_line({"read", "day", "", 3, 0, 0}, 0), "read 3 days");
}

TEST(ProgressLine, NeverSaysHundredBeforeTheEnd) {
  EXPECT_THAT(progress_line({"x", "b", "", 9999, 10000, 1}, 0), HasSubstr("(99 %)"));
}

TEST(ProgressLine, SixtyColumnsKeepTheTimeLeft) {
  EXPECT_EQ(progress_line({"each modality alone", "step", "epoch 3: validation audio 0.512", 1500, 3000, 725}, 60),
            "each modality alone 1500/3000 steps, 12 min 05 s left");
  EXPECT_EQ(progress_line({"comparison", "training", "joint, seed 1 done", 3, 24, 300}, 60),
            "comparison 3/24 trainings, 35 min 00 s left, joint, seed 1 d");
  EXPECT_EQ(progress_line({"train", "step", "", 50, 100, 4}, 60),
            "train 50/100 steps (50 %), 12.5 steps/s, 4.0 s left");
}

TEST(ProgressLine, NarrowTerminals) {
  const ProgressNumbers numbers{"caf\xC3\xA9", "batch", "loss 0.42", 50, 100, 4};
  EXPECT_EQ(progress_line(numbers, 70), "caf\xC3\xA9 50/100 batches (50 %), 12.5 batches/s, 4.0 s left, loss 0.42");
  EXPECT_EQ(progress_line(numbers, 60), "caf\xC3\xA9 50/100 batches (50 %), 4.0 s left, loss 0.42");
  EXPECT_EQ(progress_line(numbers, 42), "caf\xC3\xA9 50/100 batches, 4.0 s left, loss 0.42");
  EXPECT_EQ(progress_line(numbers, 31), "caf\xC3\xA9 50/100 batches, 4.0 s left");
  EXPECT_EQ(progress_line(numbers, 23), "caf\xC3\xA9 50/100, 4.0 s left");
  EXPECT_EQ(progress_line(numbers, 20), "50/100, 4.0 s left");
  EXPECT_EQ(progress_line(numbers, 17), "4.0 s left");
  EXPECT_EQ(progress_line(numbers, 10), "4.0 s left");
  EXPECT_EQ(progress_line(numbers, 4), "4.0 ");
}

// Two columns a character: U+753B U+50CF.
TEST(ProgressLine, CountsColumnsNotCharacters) {
  const ProgressNumbers numbers{"\xE7\x94\xBB\xE5\x83\x8F", "file", "", 1, 2, 1};
  EXPECT_EQ(progress_line(numbers, 26), "\xE7\x94\xBB\xE5\x83\x8F 1/2 files, 1.0 s left");
  EXPECT_EQ(progress_line(numbers, 25), "\xE7\x94\xBB\xE5\x83\x8F 1/2, 1.0 s left");
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
  EXPECT_THAT(text, ::testing::StartsWith("train 3/3 batches (100 %)"));
  EXPECT_THAT(text, EndsWith(", loss 0.42\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST(Progress, SilentWhenQuietOrUnnamed) {
  ::testing::internal::CaptureStderr();
  set_log_level(LogLevel::warning);
  { Progress("train", 3, "batch").advance(3); }
  set_log_level(LogLevel::info);
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
  EXPECT_THAT(text, ::testing::StartsWith("train 2/4 batches (50 %)"));
  EXPECT_THAT(text, Not(HasSubstr("1/4")));
  // The message erases the bar, stands on a line of its own, and the bar comes back below it.
  EXPECT_THAT(text, HasSubstr("\r\x1B[Ka message\r\ntrain 2/4"));
  EXPECT_THAT(text, HasSubstr("\r\x1B[Ktrain 4/4 batches (100 %)"));
  EXPECT_THAT(text, EndsWith(" s\r\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

}  // namespace
}  // namespace pdmp
