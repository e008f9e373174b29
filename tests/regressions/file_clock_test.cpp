// `start` and `end` of a row mean the same moment for the pictures and the sound of a file, whatever its frame rate
// does and whichever stream begins first.
#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "data/clip.h"
#include "data/decode/audio/audio.h"
#include "data/decode/video/video.h"
#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/ffmpeg.h"
#include "support/media/encode_video.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::entry;
using testing::expect_error;
using testing::numbers_in;
using testing::run_ffmpeg;
using testing::TemporaryDirectory;

using Indices = std::vector<int64_t>;
constexpr int64_t kSide = 64;

class FileClock : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  // `count` numbered frames, 10 a second.
  void write_frames(const std::string& name, int64_t count) const {
    write_video(folder_ / name, testing::numbered_clip(count, kSide, kSide), {.fps = 10});
  }

  // What `frames` shows of a row: its first frames, as many as it wants; the last repeated where there are fewer.
  Indices shown(const std::string& name, std::optional<double> start, std::optional<double> end, int frames = 1) const {
    const auto type = data::make_modality_type(
        entry("frames", fmt::format(R"("frames": {}, "size": 64, "policy": "first")", frames)));
    return numbers_in(type->load({name, folder_.path(), start, end}, nullptr));
  }

  Tensor sound(const std::string& name, double start, double end) const {
    return audio_tensor(folder_ / name, start, end).samples;
  }
  double level(const std::string& name, double start, double end) const {
    return sound(name, start, end).square().mean().sqrt().item<double>();
  }

  TemporaryDirectory folder_;
};

constexpr double kLoud = 0.05, kSilent = 0.001;  // root of the mean square; a sine of ffmpeg's has 0.088

// Frames at 0, 1, ... 9 s, and then every 50 ms.
constexpr const char* kSlowThenFast = "setpts='if(lt(N,10),N,10+(N-10)*0.05)/TB'";

TEST_F(FileClock, FramesOfVariableRateAreFoundByTheirTimes) {
  write_frames("steady.mp4", 60);
  for (const std::string cell : {"a.mp4", "a.mov", "a.mkv", "a.flv", "ts.mpg"}) {
    run_ffmpeg(fmt::format("-i {} -vf \"{}\" -vsync vfr -enc_time_base 1:1000 -c:v libx264 -qp 10 {} {}",
                           path("steady.mp4"), kSlowThenFast, cell == "ts.mpg" ? "-f mpegts" : "", path(cell)));
    SCOPED_TRACE(cell);
    EXPECT_EQ(shown(cell, 5.0, {}), (Indices{5}));
    EXPECT_EQ(shown(cell, 11.0, {}), (Indices{30}));
    EXPECT_EQ(shown(cell, 3.0, 6.0, 4), (Indices{3, 4, 5, 5}));
    EXPECT_EQ(shown(cell, 9.0, 10.2, 6), (Indices{9, 10, 11, 12, 13, 13}));
    EXPECT_EQ(shown(cell, {}, 2.0, 3), (Indices{0, 1, 1}));
  }
}

TEST_F(FileClock, AStillPassageShowsTheFrameThatStands) {
  write_frames("steady.mp4", 60);
  run_ffmpeg(fmt::format("-i {} -vf \"{}\" -vsync vfr -enc_time_base 1:1000 -c:v libx264 -qp 10 {}", path("steady.mp4"),
                         kSlowThenFast, path("a.mp4")));
  EXPECT_EQ(shown("a.mp4", 5.1, 5.3), (Indices{5}));
  EXPECT_EQ(shown("a.mp4", 5.6, 5.9), (Indices{5}));
  expect_error(ErrorKind::data, {"a.mp4", "60 frames", "12.50 s"}, [&] { shown("a.mp4", 12.5, 13.0); });
}

// A rate that is written into the header changes no frame's time.
TEST_F(FileClock, TheHeadersRateChangesNothing) {
  write_frames("steady.mp4", 40);
  run_ffmpeg(fmt::format("-i {} -vf \"setpts=N*0.5/TB\" -vsync vfr -enc_time_base 1:1000 -c:v libx264 -qp 10 {}",
                         path("steady.mp4"), path("a.mp4")));
  run_ffmpeg(fmt::format("-i {} -c:v copy -r 30 {}", path("a.mp4"), path("claims.mkv")));
  EXPECT_EQ(shown("a.mp4", 5.0, 6.0, 3), (Indices{10, 11, 11}));
  EXPECT_EQ(shown("claims.mkv", 5.0, 6.0, 3), (Indices{10, 11, 11}));
}

// Pictures from 0 to 5 s, sound from 2 to 5 s.
std::string late_sound(const std::string& codecs, const std::string& target) {
  return fmt::format("-f lavfi -i testsrc=d=5:r=10:s=64x48 -itsoffset 2 -f lavfi -i sine=440:d=3 -map 0 -map 1 {} {}",
                     codecs, target);
}

struct Streams {
  const char *name, *codecs;
};
constexpr Streams kContainers[] = {
    {"av.mp4", "-c:v libx264 -c:a aac"},          {"av.mov", "-c:v libx264 -c:a aac"},
    {"pcm.mov", "-c:v mpeg4 -c:a pcm_s16le"},     {"av.mkv", "-c:v libx264 -c:a aac"},
    {"opus.mkv", "-c:v libx264 -c:a libopus"},    {"av.webm", "-c:v libvpx -c:a libvorbis"},
    {"av.flv", "-c:v flv1 -ar 44100 -c:a aac"},   {"ts.mpg", "-c:v libx264 -c:a aac -f mpegts"},
    {"ps.mpg", "-r 25 -c:v mpeg2video -c:a mp2"}, {"av.wmv", "-c:v wmv2 -c:a wmav2"},
};

TEST_F(FileClock, RowsBeforeALateSoundHearSilence) {
  for (const auto& [name, codecs] : kContainers) {
    SCOPED_TRACE(name);
    run_ffmpeg(late_sound(codecs, path(name)));
    EXPECT_LT(level(name, 0, 1), kSilent);
    EXPECT_LT(level(name, 1, 1.9), kSilent);
    EXPECT_GT(level(name, 2.1, 3), kLoud);
    EXPECT_GT(level(name, 3, 4), kLoud);
    EXPECT_GT(level(name, 4, 4.9), kLoud);
    EXPECT_EQ(sound(name, 0, 1).size(0), audio_tensor(folder_ / name, 0.0, 1.0).rate);
    EXPECT_NEAR(data::read_video_info(folder_ / name).times.front(), 0, 0.001);
    // The file as a whole has the same clock.
    const AudioTensor all = audio_tensor(folder_ / name);
    EXPECT_LT(all.samples.slice(0, 0, all.rate * 19 / 10).abs().max().item<double>(), kSilent);
  }
}

// In PCM the sine begins with its first sample, where the container says.
TEST_F(FileClock, ALateSoundBeginsAtItsSample) {
  run_ffmpeg(late_sound("-c:v mpeg4 -c:a pcm_s16le", path("pcm.mov")));
  const Tensor part = sound("pcm.mov", 1.5, 2.5);
  EXPECT_EQ(part.size(0), 44100);
  const int64_t first = part.nonzero()[0].item<int64_t>();
  EXPECT_GE(first, 22050);
  EXPECT_LE(first, 22052);
}

TEST_F(FileClock, RowsBeforeLatePicturesShowTheFirst) {
  write_frames("steady.mp4", 30);
  for (const auto& [name, codecs] : kContainers) {
    if (std::string(name) == "ps.mpg") continue;  // has frames of one rate alone
    SCOPED_TRACE(name);
    run_ffmpeg(fmt::format("-itsoffset 2 -i {} -f lavfi -i sine=440:d=5 -map 0 -map 1 -vsync vfr -q:v 2 {} {}",
                           path("steady.mp4"), codecs, path(name)));
    EXPECT_EQ(shown(name, 0.0, 1.0, 2), (Indices{0, 0}));
    EXPECT_EQ(shown(name, 3.0, 4.0, 2), (Indices{10, 11}));
    EXPECT_EQ(shown(name, 1.0, 2.2, 3), (Indices{0, 1, 1}));
    EXPECT_GT(level(name, 0.1, 1), kLoud);
    EXPECT_GT(level(name, 4, 4.9), kLoud);
    EXPECT_NEAR(data::read_video_info(folder_ / name).times.front(), 2, 0.06);
  }
}

// What an encoder puts in front of its sound, and a container does not note, moves no row.
TEST_F(FileClock, AnEncodersDelayMovesNoFrame) {
  write_video(folder_ / "steady.mp4", testing::numbered_clip(60, kSide, kSide), {.fps = 25});
  for (const auto& [name, codecs] : kContainers) {
    if (std::string(name) == "pcm.mov") continue;  // has none
    SCOPED_TRACE(name);
    run_ffmpeg(fmt::format("-i {} -f lavfi -i sine=440:d=2.4 -map 0 -map 1 -q:v 2 {} {}", path("steady.mp4"), codecs,
                           path(name)));
    EXPECT_EQ(shown(name, 0.0, {}, 2), (Indices{0, 1}));
    EXPECT_EQ(shown(name, 1.0, 1.12, 4), (Indices{25, 26, 27, 27}));
  }
}

// One of the streams lasts longer: rows behind the other are silent, or show the last frame; rows behind both are none.
TEST_F(FileClock, RowsBehindTheShorterStreamAreWhole) {
  write_frames("steady.mp4", 30);
  run_ffmpeg(fmt::format("-i {} -f lavfi -i sine=440:d=5 -map 0 -map 1 -c:v copy -c:a aac {}", path("steady.mp4"),
                         path("long_sound.mp4")));
  EXPECT_EQ(shown("long_sound.mp4", 4.0, 5.0, 2), (Indices{29, 29}));
  EXPECT_GT(level("long_sound.mp4", 4, 4.9), kLoud);
  expect_error(ErrorKind::data, {"long_sound.mp4"}, [&] { shown("long_sound.mp4", 6.0, 7.0); });
  expect_error(ErrorKind::data, {"long_sound.mp4"}, [&] { sound("long_sound.mp4", 6, 7); });

  run_ffmpeg(fmt::format("-i {} -f lavfi -i sine=440:d=1 -map 0 -map 1 -c:v copy -c:a aac {}", path("steady.mp4"),
                         path("short_sound.mp4")));
  EXPECT_LT(level("short_sound.mp4", 2, 3), kSilent);
  EXPECT_EQ(sound("short_sound.mp4", 2, 3).size(0), 44100);
  EXPECT_GT(level("short_sound.mp4", 0, 0.9), kLoud);
  EXPECT_EQ(sound("short_sound.mp4", 0.5, 2).size(0), 66150);
  EXPECT_NEAR(static_cast<double>(audio_tensor(folder_ / "short_sound.mp4").samples.size(0)), 44100, 2100);
  expect_error(ErrorKind::data, {"short_sound.mp4"}, [&] { sound("short_sound.mp4", 3.5, 4); });
}

// An edit list that cuts the beginning off, as `-ss` in front of copied streams leaves it.
TEST_F(FileClock, EditListsCutBothStreams) {
  const Tensor tone = 0.3 * torch::sin(torch::arange(48000, torch::kFloat32) * 0.2);
  write_video(folder_ / "whole.mp4", testing::numbered_clip(50, kSide, kSide),
              {.fps = 10, .audio = torch::cat({torch::zeros(32000), tone}), .keyframe_interval = 10});
  run_ffmpeg(fmt::format("-ss 1.5 -i {} -map 0 -c copy {}", path("whole.mp4"), path("cut.mp4")));
  EXPECT_EQ(shown("cut.mp4", 0.0, {}), (Indices{15}));
  EXPECT_EQ(shown("cut.mp4", 1.0, 2.0, 2), (Indices{25, 26}));
  EXPECT_LT(level("cut.mp4", 0, 0.4), kSilent);
  EXPECT_GT(level("cut.mp4", 0.6, 1.6), kLoud);
}

// A pause of the sound that its timestamps tell is heard.
TEST_F(FileClock, PausesOfTheSoundStayPauses) {
  run_ffmpeg(
      fmt::format("-f lavfi -i testsrc=d=5:r=10:s=64x48 -f lavfi -i sine=440:d=5 -map 0 -map 1 "
                  "-af \"aselect='lt(t,1)+gt(t,3)'\" -c:v libx264 -c:a pcm_s16le {}",
                  path("pause.mkv")));
  EXPECT_GT(level("pause.mkv", 0, 0.9), kLoud);
  EXPECT_LT(level("pause.mkv", 1.5, 2.5), kSilent);
  EXPECT_GT(level("pause.mkv", 3.2, 4), kLoud);
  EXPECT_GT(level("pause.mkv", 4, 4.9), kLoud);
}

TEST_F(FileClock, AVideoThatBeginsLateIsWhole) {
  write_frames("steady.mp4", 10);
  for (const char* name : {"late.mp4", "late.mov", "late.mkv", "late.flv", "late.3gp", "late.mpg"}) {
    SCOPED_TRACE(name);
    const std::string codec =
        std::string(name) == "late.mpg" ? "-c:v copy -bsf:v h264_mp4toannexb -f mpegts" : "-c:v copy";
    run_ffmpeg(fmt::format("-i {} {} -output_ts_offset 8 {}", path("steady.mp4"), codec, path(name)));
    EXPECT_EQ(data::read_video_info(folder_ / name).frames, 10);
    EXPECT_EQ(shown(name, {}, {}, 3), (Indices{0, 1, 2}));
    EXPECT_EQ(shown(name, 0.5, 0.7, 3), (Indices{5, 6, 6}));
    EXPECT_NEAR(data::read_video_info(folder_ / name).duration, 1, 0.06);
  }
}

TEST_F(FileClock, SoundThatBeginsLateIsWhole) {
  for (const char* name : {"late.m4a", "late.mka", "late.ogg", "late.flv", "late.wma"}) {
    SCOPED_TRACE(name);
    run_ffmpeg(fmt::format("-f lavfi -i sine=440:d=1 -ar 44100 -output_ts_offset 8 {}", path(name)));
    const AudioTensor all = audio_tensor(folder_ / name);
    EXPECT_NEAR(static_cast<double>(all.samples.size(0)), 44100, 6000);
    EXPECT_GT(level(name, 0.1, 0.9), kLoud);
  }
}

// Both late: the clock begins with the earlier.
TEST_F(FileClock, BothLateStreamsKeepTheirDistance) {
  for (const char* name : {"both.mp4", "both.mkv"}) {
    SCOPED_TRACE(name);
    run_ffmpeg(late_sound("-c:v libx264 -c:a aac -output_ts_offset 8", path(name)));
    EXPECT_LT(level(name, 0, 1.9), kSilent);
    EXPECT_GT(level(name, 2.1, 3), kLoud);
    EXPECT_GT(level(name, 4, 4.9), kLoud);
  }
}

// A late file that is cut is still noticed.
TEST_F(FileClock, ALateVideoThatIsCutIsRefused) {
  write_frames("steady.mp4", 60);
  run_ffmpeg(fmt::format("-i {} -c:v copy -output_ts_offset 8 {}", path("steady.mp4"), path("late.mkv")));
  const auto size = std::filesystem::file_size(folder_ / "late.mkv");
  std::filesystem::resize_file(folder_ / "late.mkv", size / 2);
  expect_error(ErrorKind::data, {"late.mkv", "video"}, [&] { data::read_video_info(folder_ / "late.mkv"); });
}

}  // namespace
}  // namespace pdmp
