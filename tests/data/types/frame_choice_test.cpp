#include "data/types/frame_choice.h"

#include <gtest/gtest.h>
#include <set>

#include "data/types/entry.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

using Indices = std::vector<int64_t>;

FrameChoice choice(int64_t frames, FramePolicy policy) { return {frames, policy, 0}; }

TEST(ChooseFrames, SegmentTakesCentresInEvaluation) {
  EXPECT_EQ(choose_frames(10, choice(1, FramePolicy::segment), nullptr), (Indices{5}));
  EXPECT_EQ(choose_frames(10, choice(3, FramePolicy::segment), nullptr), (Indices{1, 5, 8}));  // 1.67, 5, 8.33
  EXPECT_EQ(choose_frames(7, choice(3, FramePolicy::segment), nullptr), (Indices{1, 3, 5}));   // 1.17, 3.5, 5.83
  EXPECT_EQ(choose_frames(3, choice(3, FramePolicy::segment), nullptr), (Indices{0, 1, 2}));
}

TEST(ChooseFrames, SegmentDrawsOneOfEachPartInTraining) {
  RandomStream random(2);
  std::set<int64_t> firsts;
  for (int i = 0; i < 300; ++i) {
    const Indices chosen = choose_frames(9, choice(3, FramePolicy::segment), &random);
    for (size_t part = 0; part < 3; ++part) EXPECT_EQ(chosen[part] / 3, static_cast<int64_t>(part));
    firsts.insert(chosen[0]);
  }
  EXPECT_EQ(firsts, (std::set<int64_t>{0, 1, 2}));
}

TEST(ChooseFrames, FirstTakesTheFirst) {
  RandomStream random(2);
  EXPECT_EQ(choose_frames(10, choice(3, FramePolicy::first), &random), (Indices{0, 1, 2}));
  EXPECT_EQ(choose_frames(10, choice(3, FramePolicy::first), nullptr), (Indices{0, 1, 2}));
}

TEST(ChooseFrames, RandomDrawsDistinctOnesInOrder) {
  RandomStream random(2);
  std::set<Indices> seen;
  for (int i = 0; i < 300; ++i) {
    const Indices chosen = choose_frames(5, choice(3, FramePolicy::random), &random);
    EXPECT_LT(chosen[0], chosen[1]);
    EXPECT_LT(chosen[1], chosen[2]);
    EXPECT_LT(chosen[2], 5);
    seen.insert(chosen);
  }
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(choose_frames(10, choice(1, FramePolicy::random), nullptr), (Indices{5}));
}

TEST(ChooseFrames, RepeatsTheLastWhereThereAreTooFew) {
  RandomStream random(2);
  for (const FramePolicy policy : {FramePolicy::segment, FramePolicy::first, FramePolicy::random}) {
    EXPECT_EQ(choose_frames(2, choice(4, policy), nullptr), (Indices{0, 1, 1, 1}));
    EXPECT_EQ(choose_frames(2, choice(4, policy), &random), (Indices{0, 1, 1, 1}));
  }
}

TEST(FrameRange, FollowsStartAndEnd) {
  using Range = std::pair<int64_t, int64_t>;
  EXPECT_EQ(frame_range(10, 0, 2.0, 4.0), (Range{0, 10}));
  EXPECT_EQ(frame_range(10, 1, 2.0, 4.0), (Range{2, 4}));
  EXPECT_EQ(frame_range(10, 2, 2.0, {}), (Range{4, 10}));
  EXPECT_EQ(frame_range(10, 1, {}, 100.0), (Range{0, 10}));
  EXPECT_EQ(frame_range(10, 1, 50.0, 60.0), (Range{10, 10}));
}

TEST(FrameRange, FollowsTheTimesOfAVideo) {
  using Range = std::pair<int64_t, int64_t>;
  VideoInfo video;
  video.times = {0, 1, 2, 2.5, 3};
  video.frames = 5;
  video.duration = 3.5;
  video.end = 5;  // of its sound
  EXPECT_EQ(frame_range(video, {}, {}), (Range{0, 5}));
  EXPECT_EQ(frame_range(video, 1.0, 3.0), (Range{1, 4}));
  EXPECT_EQ(frame_range(video, 0.4, 1.4), (Range{0, 1}));  // a moment belongs to the nearest frame
  EXPECT_EQ(frame_range(video, 0.5, 2.25), (Range{1, 3}));
  EXPECT_EQ(frame_range(video, {}, 100.0), (Range{0, 5}));
  EXPECT_EQ(frame_range(video, 1.6, 1.9), (Range{1, 2}));  // none between: the one that stands
  EXPECT_EQ(frame_range(video, 4.0, 4.5), (Range{4, 5}));
  EXPECT_EQ(frame_range(video, 5.0, 6.0), (Range{5, 5}));
  video.times = {2, 3, 4};
  video.frames = 3;
  EXPECT_EQ(frame_range(video, 0.0, 1.0), (Range{0, 1}));  // before it begins
  EXPECT_EQ(frame_range(video, 1.0, 3.0), (Range{0, 1}));
}

TEST(FrameRange, OfAVideoWithoutTimesIsAllOfIt) {
  VideoInfo video;
  video.frames = 1;
  EXPECT_EQ(frame_range(video, 3.0, 4.0), (std::pair<int64_t, int64_t>{0, 1}));
}

TEST(ReadFrameChoice, ReadsAndRefuses) {
  Settings settings(testing::entry("frames", R"("frames": 3, "policy": "first", "fps": 2)"));
  const FrameChoice read = read_frame_choice(settings);
  EXPECT_EQ(read.frames, 3);
  EXPECT_EQ(read.policy, FramePolicy::first);
  EXPECT_EQ(read.fps, 2);
  Settings bad(testing::entry("frames", R"("policy": "last")"));
  testing::expect_error(ErrorKind::data, {"policy", "first, random, segment", "last"}, [&] { read_frame_choice(bad); });
}

}  // namespace
}  // namespace pdmp::data
