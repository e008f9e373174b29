#include "train/recorder.h"

#include <cmath>
#include <gmock/gmock.h>

#include "base/session.h"

namespace pdmp::training {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

struct Notes : pdmp::Recorder {
  std::vector<StepReport> steps;
  std::vector<EpochReport> epochs;
  void on_step(const StepReport& report) override { steps.push_back(report); }
  void on_epoch(const EpochReport& report) override { epochs.push_back(report); }
};

TEST(SessionRecorder, LinesBecomeReportsOfTheirNumbers) {
  const auto notes = std::make_shared<Notes>();
  const Session session(notes);
  SessionRecorder recorder("joint");
  recorder.on_step({{"kind", "step"}, {"epoch", 1}, {"step", 7}, {"loss/total", .5}, {"acc/a", nullptr}});
  recorder.on_epoch({{"kind", "epoch"}, {"epoch", 1}, {"val/accuracy", 1}, {"phases", {{"a", 1}}}});
  recorder.on_timing({{"epoch", 1}, {"train_seconds", 3}});
  ASSERT_EQ(notes->steps.size(), 1u);
  EXPECT_EQ(notes->steps[0].training, "joint");
  EXPECT_EQ(notes->steps[0].epoch, 1);
  EXPECT_EQ(notes->steps[0].step, 7);
  EXPECT_EQ(notes->steps[0].values.at("loss/total"), .5);
  EXPECT_TRUE(std::isnan(notes->steps[0].values.at("acc/a")));
  ASSERT_EQ(notes->epochs.size(), 1u);
  EXPECT_THAT(notes->epochs[0].values, ElementsAre(Pair("val/accuracy", 1)));
}

TEST(SessionRecorder, IsSilentDuringATrial) {
  const auto notes = std::make_shared<Notes>();
  const Session session(notes);
  const SilentInfo silent;
  SessionRecorder("joint").on_step({{"epoch", 0}, {"step", 0}});
  SessionRecorder("joint").on_epoch({{"epoch", 0}});
  EXPECT_TRUE(notes->steps.empty());
  EXPECT_TRUE(notes->epochs.empty());
}

TEST(MemoryRecorder, KeepsWhatItIsGiven) {
  MemoryRecorder recorder;
  recorder.on_step({{"step", 1}});
  recorder.on_timing({{"epoch", 0}});
  EXPECT_EQ(recorder.steps.at(0).at("step"), 1);
  EXPECT_EQ(recorder.timings.size(), 1u);
  EXPECT_TRUE(recorder.epochs.empty());
}

}  // namespace
}  // namespace pdmp::training
