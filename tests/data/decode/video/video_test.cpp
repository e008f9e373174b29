#include "data/decode/video/video.h"

#include <atomic>
#include <gtest/gtest.h>
#include <numeric>
#include <thread>

#include "base/files/file.h"
#include "data/clip.h"
#include "data/decode/audio/audio.h"
#include "support/expect_error.h"
#include "support/golden.h"
#include "support/media/encode_video.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::golden;
using testing::number_of;
using testing::numbered_clip;
using testing::TemporaryDirectory;

using Indices = std::vector<int64_t>;
constexpr const char* kNames[] = {"a.mp4", "a.mov", "a.mkv", "a.avi", "a.mjpeg.avi", "a.flv"};

Indices first_indices(int64_t count) {
  Indices indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

Indices numbers_of(const std::vector<Tensor>& frames) {
  Indices numbers;
  for (const Tensor& frame : frames) numbers.push_back(number_of(frame));
  return numbers;
}

Tensor tone(int64_t count) { return 0.3 * torch::sin(torch::arange(count, torch::kFloat32) * 0.05); }

void expect_refused(const std::filesystem::path& path, std::vector<std::string> words) {
  words.push_back(path.string());
  expect_error(ErrorKind::data, words, [&] { frame_tensors(path, first_indices(read_video_info(path).frames)); });
}

TEST(Video, EveryContainerGivesEveryFrame) {
  const TemporaryDirectory directory;
  for (const char* name : kNames) {
    write_video(directory / name, numbered_clip(40));
    const VideoInfo info = read_video_info(directory / name);
    EXPECT_EQ(info.frames, 40) << name;
    EXPECT_DOUBLE_EQ(info.fps, 25) << name;
    EXPECT_DOUBLE_EQ(info.duration, 1.6) << name;
    EXPECT_EQ(info.height, 64) << name;
    EXPECT_EQ(info.width, 96) << name;
    EXPECT_EQ(info.rotation, 0) << name;
    EXPECT_FALSE(info.has_audio) << name;
    EXPECT_EQ(numbers_of(frame_tensors(directory / name, first_indices(40))), first_indices(40)) << name;
  }
}

TEST(Video, AnyFrameEqualsThatOfDecodingEverything) {
  const TemporaryDirectory directory;
  for (const char* name : kNames) {
    write_video(directory / name, numbered_clip(40), {.keyframe_interval = 7, .b_frames = 3});
    const std::vector<Tensor> all = frame_tensors(directory / name, first_indices(40));
    for (const int64_t index : first_indices(40)) {
      EXPECT_TRUE(torch::equal(frame_tensors(directory / name, {index})[0], all[static_cast<size_t>(index)]))
          << name << ' ' << index;
    }
    const std::vector<Tensor> some = frame_tensors(directory / name, {0, 5, 5, 6, 31, 39});
    EXPECT_EQ(numbers_of(some), (Indices{0, 5, 5, 6, 31, 39})) << name;
    EXPECT_TRUE(torch::equal(some[4], all[31])) << name;
  }
}

TEST(Video, KeepsOddSizesToTheLastRowAndColumn) {
  const TemporaryDirectory directory;
  using torch::indexing::None;
  for (const char* name : kNames) {
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{67, 97}, {66, 97}, {67, 96}, {3, 17}}) {
      const Tensor x = torch::arange(width).index({None}), y = torch::arange(height).index({"...", None});
      const Tensor picture = torch::stack({200 - x + 0 * y, 100 + y + 0 * x, 50 + x + 0 * y}, 2);
      write_video(directory / name, picture.to(torch::kUInt8).unsqueeze(0).repeat({2, 1, 1, 1}));
      const Tensor found = frame_tensors(directory / name, {1})[0];
      ASSERT_EQ(found.sizes(), picture.sizes()) << name;
      EXPECT_LE((found.to(torch::kInt64) - picture).abs().max().item<int64_t>(), 8) << name << height << 'x' << width;
    }
  }
}

TEST(Video, TurnsPhoneVideos) {
  const TemporaryDirectory directory;
  Tensor frames = torch::full({2, 64, 96, 3}, 20, torch::kUInt8);
  frames.slice(1, 0, 24).slice(2, 0, 24).fill_(230);  // upper left
  const auto bright = [](const Tensor& frame, int64_t y, int64_t x) { return frame[y][x][1].item<int64_t>() > 120; };
  for (const int rotation : {90, 180, 270}) {
    write_video(directory / "a.mp4", frames, {.rotation = rotation});
    const VideoInfo info = read_video_info(directory / "a.mp4");
    EXPECT_EQ(info.rotation, rotation);
    const Tensor frame = frame_tensors(directory / "a.mp4", {1})[0];
    ASSERT_EQ(frame.size(0), rotation == 180 ? 64 : 96);
    EXPECT_EQ(info.height, frame.size(0));
    EXPECT_EQ(info.width, frame.size(1));
    EXPECT_TRUE(frame.is_contiguous());
    EXPECT_EQ(bright(frame, 5, frame.size(1) - 6), rotation == 90);
    EXPECT_EQ(bright(frame, frame.size(0) - 6, frame.size(1) - 6), rotation == 180);
    EXPECT_EQ(bright(frame, frame.size(0) - 6, 5), rotation == 270);
  }
}

TEST(Video, ReadsFractionalRatesAndSingleFrames) {
  const TemporaryDirectory directory;
  for (const char* name : kNames) {
    write_video(directory / name, numbered_clip(30), {.fps = 30000.0 / 1001});
    EXPECT_NEAR(read_video_info(directory / name).fps, 29.97, 0.001) << name;
    write_video(directory / name, numbered_clip(1), {.fps = 10});
    EXPECT_EQ(read_video_info(directory / name).frames, 1) << name;
    EXPECT_EQ(frame_tensors(directory / name, {0, 0, 0}).size(), 3u) << name;
  }
}

TEST(Video, HasSoundOfItsOwnLength) {
  const TemporaryDirectory directory;
  for (const char* name : kNames) {
    write_video(directory / name, numbered_clip(25), {.audio = tone(88200), .audio_rate = 44100});
    const VideoInfo info = read_video_info(directory / name);
    EXPECT_TRUE(info.has_audio) << name;
    EXPECT_EQ(info.frames, 25) << name;
    EXPECT_DOUBLE_EQ(info.duration, 1) << name;  // of the pictures; the sound lasts longer
    const AudioTensor audio = audio_tensor(directory / name);
    EXPECT_EQ(audio.rate, 44100) << name;
    EXPECT_NEAR(static_cast<double>(audio.samples.size(0)), 88200, 3000) << name;  // AAC adds parts of its blocks
    EXPECT_NEAR(audio.samples.slice(0, 20000, 60000).abs().max().item<double>(), 0.3, 0.03) << name;
  }
}

TEST(Video, GivesSoundCutByTime) {
  const TemporaryDirectory directory;
  const Tensor samples = (tone(88200) * 32768).round() / 32768;
  write_video(directory / "a.avi", numbered_clip(25), {.audio = samples, .audio_rate = 44100});  // PCM: exact
  EXPECT_TRUE(torch::equal(audio_tensor(directory / "a.avi").samples, samples));
  EXPECT_TRUE(torch::equal(audio_tensor(directory / "a.avi", 0.5, 1.5).samples, samples.slice(0, 22050, 66150)));
  const Tensor stereo = torch::stack({samples, torch::zeros_like(samples)});
  write_video(directory / "b.avi", numbered_clip(25), {.audio = stereo, .audio_rate = 44100});
  EXPECT_TRUE(torch::equal(audio_tensor(directory / "b.avi").samples, samples / 2));
  write_video(directory / "c.avi", numbered_clip(25));
  expect_error(ErrorKind::data, {"c.avi", "without sound"}, [&] { audio_tensor(directory / "c.avi"); });
}

TEST(Video, RefusesWhatIsNoVideo) {
  const TemporaryDirectory directory;
  expect_refused(directory / "none.mp4", {"a video", "no such file"});
  expect_refused(directory.write("empty.mp4", ""), {"0 bytes"});
  expect_refused(directory.write("text.mp4", "this is no video, whatever its name may say; just some text"),
                 {"a video", "cannot open"});
  expect_refused(directory.write("lfs.mp4", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
                 {"Git LFS pointer"});
  expect_refused(golden("tone.ogg"), {"without moving pictures"});
}

TEST(Video, RefusesCutFilesWhereverTheyEnd) {
  const TemporaryDirectory directory;
  for (const char* name : kNames) {
    write_video(directory / name, numbered_clip(50), {.audio = tone(88200), .audio_rate = 44100});
    const std::string whole = read_file(directory / name);
    for (const double part : {0.1, 0.5, 0.8}) {
      const auto size = static_cast<size_t>(static_cast<double>(whole.size()) * part);
      expect_refused(directory.write(std::string("cut_") + name, whole.substr(0, size)), {"video"});
    }
  }
}

TEST(Video, RefusesDamagedPictures) {
  const TemporaryDirectory directory;
  for (const char* name : {"a.mp4", "a.mkv"}) {
    write_video(directory / name, numbered_clip(50));
    std::string bytes = read_file(directory / name);
    for (size_t i = bytes.size() / 3; i < bytes.size() / 3 + 300; ++i) bytes[i] = static_cast<char>(37 * i);
    expect_refused(directory.write(std::string("bad_") + name, bytes), {"video"});
  }
}

TEST(Video, RefusesFramesThatAreNotThere) {
  const TemporaryDirectory directory;
  write_video(directory / "a.mp4", numbered_clip(10));
  expect_error(ErrorKind::data, {"a.mp4", "frame 10", "10 frames"}, [&] { frame_tensors(directory / "a.mp4", {10}); });
  expect_error(ErrorKind::data, {"a.mp4", "frame -1"}, [&] { frame_tensors(directory / "a.mp4", {-1}); });
  expect_error(ErrorKind::usage, {"a.mp4", "ascending"}, [&] { frame_tensors(directory / "a.mp4", {3, 2}); });
  EXPECT_TRUE(frame_tensors(directory / "a.mp4", {}).empty());
}

TEST(Video, IsReadByManyThreads) {
  const TemporaryDirectory directory;
  write_video(directory / "a.mp4", numbered_clip(30));
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = t; i < 30; i += 4) right += number_of(frame_tensors(directory / "a.mp4", {i})[0]) == i ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 30);
}

TEST(Video, IsToldByName) {
  for (const char* name : {"a.mp4", "A.MP4", "b.c.avi", "x/y.flv", "z.webm"}) EXPECT_TRUE(is_video_name(name)) << name;
  for (const char* name : {"a.png", "mp4", "a.mp4.jpg", "clip"}) EXPECT_FALSE(is_video_name(name)) << name;
}

TEST(WriteVideo, RefusesWhatItCannotWrite) {
  const TemporaryDirectory directory;
  const Tensor frames = numbered_clip(2);
  const auto refuse = [&](const char* name, const Tensor& what, const VideoEncoding& encoding) {
    expect_error(ErrorKind::usage, {name}, [&] { write_video(directory / name, what, encoding); });
  };
  refuse("a.gif", frames, {});
  refuse("a.mp4", frames[0], {});
  refuse("a.mp4", frames.slice(0, 0, 0), {});
  refuse("a.mp4", frames, {.fps = 0});
  refuse("a.mp4", frames, {.rotation = 45});
  refuse("a.avi", frames, {.rotation = 90});
  refuse("a.mp4", frames, {.audio = torch::zeros({3, 100})});
  refuse("a.flv", frames, {.audio = torch::zeros({100}), .audio_rate = 16000});
  expect_error(ErrorKind::io, {"no/a.mp4"}, [&] { write_video(directory / "no/a.mp4", frames); });
}

}  // namespace
}  // namespace pdmp::data
