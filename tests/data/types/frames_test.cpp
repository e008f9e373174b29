#include <gtest/gtest.h>

#include "data/clip.h"
#include "data/encode/encode_png.h"
#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/media/encode_video.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::cell;
using testing::entry;
using testing::expect_error;
using testing::numbers_in;
using testing::TemporaryDirectory;

// Frame i is a plane of value 10 i.
void write_clip(const TemporaryDirectory& directory, const std::string& folder, int count) {
  std::filesystem::create_directories(directory / folder);
  for (int i = 0; i < count; ++i) {
    write_png(directory / (folder + "/frame" + std::to_string(i) + ".png"),
              torch::full({6, 8, 3}, 10 * i, torch::kUInt8));
  }
}

// Which frame each step shows: value / 10 of the first channel.
std::vector<int64_t> shown(const Tensor& sample) {
  std::vector<int64_t> frames;
  for (int64_t t = 0; t < sample.size(1); ++t) {
    const double byte = (sample[0][t][0][0].item<double>() * 0.229 + 0.485) * 255;
    frames.push_back(std::lround(byte / 10));
  }
  return frames;
}

using Indices = std::vector<int64_t>;

TEST(FramesType, TakesTheCentreOfEachPart) {
  const TemporaryDirectory directory;
  write_clip(directory, "clip", 12);  // frame10 and frame11 sort behind frame9
  const auto type = make_modality_type(entry("frames", R"("frames": 3, "size": 4)"));
  EXPECT_EQ(type->shape(nullptr), (std::vector<int64_t>{3, 3, 4, 4}));
  const Tensor sample = type->load(cell("clip", directory.path()), nullptr);
  ASSERT_EQ(sample.sizes(), (std::vector<int64_t>{3, 3, 4, 4}));
  EXPECT_EQ(shown(sample), (Indices{2, 6, 10}));
}

TEST(FramesType, TakesAList) {
  const TemporaryDirectory directory;
  write_clip(directory, "clip", 5);
  const auto type = make_modality_type(entry("frames", R"("frames": 2, "size": 4, "policy": "first")"));
  EXPECT_EQ(shown(type->load(cell("clip/frame4.png;clip/frame1.png;clip/frame2.png", directory.path()), nullptr)),
            (Indices{4, 1}));
  EXPECT_EQ(type->files(cell("clip/frame4.png;clip/frame1.png", directory.path())).size(), 2u);
  EXPECT_EQ(shown(type->load(cell("clip/frame3.png", directory.path()), nullptr)), (Indices{3, 3}));
}

TEST(FramesType, FollowsStartAndEndWhereTheRateIsKnown) {
  const TemporaryDirectory directory;
  write_clip(directory, "clip", 10);
  const auto type = make_modality_type(entry("frames", R"("frames": 1, "size": 4, "fps": 1)"));
  EXPECT_EQ(shown(type->load({"clip", directory.path(), 6.0, 9.0}, nullptr)), (Indices{7}));
  expect_error(ErrorKind::data, {"clip", "10 pictures"}, [&] {
    type->load({"clip", directory.path(), 20.0, 30.0}, nullptr);
  });
}

TEST(FramesType, AugmentsEachFrameByItself) {
  const TemporaryDirectory directory;
  const Tensor picture = (torch::arange(40 * 40 * 3) % 253).to(torch::kUInt8).reshape({40, 40, 3});
  write_png(directory / "a.png", picture);
  const auto type = make_modality_type(entry("frames", R"("frames": 2, "size": 8)"));
  RandomStream random(1);
  const Tensor sample = type->load(cell("a.png;a.png", directory.path()), &random);
  EXPECT_FALSE(torch::equal(sample.select(1, 0), sample.select(1, 1)));
}

TEST(FramesType, NamesWhatDoesNotDecode) {
  const TemporaryDirectory directory;
  directory.write("clip/frame0.png", "");
  const auto type = make_modality_type(entry("frames"));
  expect_error(ErrorKind::data, {"frame0.png", "0 bytes"},
               [&] { type->load(cell("clip", directory.path()), nullptr); });
  expect_error(ErrorKind::data, {"absent"}, [&] { type->load(cell("absent", directory.path()), nullptr); });
}

TEST(FramesType, DecodesAVideoOnTheFly) {
  const TemporaryDirectory directory;
  write_video(directory / "a.MP4.mp4", testing::numbered_clip(60, 64, 64), {.fps = 10});
  std::filesystem::rename(directory / "a.MP4.mp4", directory / "a.MP4");
  const auto type = make_modality_type(entry("frames", R"("frames": 3, "size": 64)"));
  EXPECT_EQ(type->files(cell("a.MP4", directory.path())).size(), 1u);
  const Tensor sample = type->load(cell("a.MP4", directory.path()), nullptr);
  ASSERT_EQ(sample.sizes(), (std::vector<int64_t>{3, 3, 64, 64}));
  EXPECT_EQ(numbers_in(sample), (Indices{10, 30, 50}));
  // start and end follow the video's own rate, whatever "fps" says of folders.
  const auto cut = make_modality_type(entry("frames", R"("frames": 2, "size": 64, "policy": "first", "fps": 1)"));
  EXPECT_EQ(numbers_in(cut->load({"a.MP4", directory.path(), 2.0, 4.0}, nullptr)), (Indices{20, 21}));
  EXPECT_EQ(numbers_in(cut->load({"a.MP4", directory.path(), 5.9, 9.0}, nullptr)), (Indices{59, 59}));
  expect_error(ErrorKind::data, {"a.MP4", "60 frames", "6.00 s"}, [&] {
    cut->load({"a.MP4", directory.path(), 7.0, 8.0}, nullptr);
  });
}

TEST(FramesType, AugmentsTheFramesOfAVideo) {
  const TemporaryDirectory directory;
  write_video(directory / "a.mkv", testing::numbered_clip(40));
  const auto type = make_modality_type(entry("frames", R"("frames": 4, "size": 16)"));
  RandomStream random(1), again(1), other(2);
  const Tensor sample = type->load(cell("a.mkv", directory.path()), &random);
  EXPECT_TRUE(torch::equal(type->load(cell("a.mkv", directory.path()), &again), sample));
  EXPECT_FALSE(torch::equal(type->load(cell("a.mkv", directory.path()), &other), sample));
}

TEST(FramesType, NamesAVideoThatDoesNotDecode) {
  const TemporaryDirectory directory;
  directory.write("a.mp4", "no video");
  const auto type = make_modality_type(entry("frames"));
  expect_error(ErrorKind::data, {"a.mp4", "a video"}, [&] { type->load(cell("a.mp4", directory.path()), nullptr); });
  expect_error(ErrorKind::data, {"b.avi", "no such file"},
               [&] { type->load(cell("b.avi", directory.path()), nullptr); });
}

}  // namespace
}  // namespace pdmp::data
