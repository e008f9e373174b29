#include "data/importers/shared/extract_frames.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>

#include "data/clip.h"
#include "data/decode/image/image.h"
#include "support/expect_error.h"
#include "support/media/encode_video.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::number_of;
using testing::numbered_clip;
using testing::TemporaryDirectory;

using Indices = std::vector<int64_t>;
using Names = std::vector<std::string>;

VideoInfo clip_info(int64_t frames, double fps) {
  VideoInfo info;
  info.frames = frames;
  info.fps = fps;
  return info;
}

// Everything in a folder, hidden files too, sorted.
Names names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return {names.begin(), names.end()};
}

TEST(ExtractFrames, EachSecondBeginsAtTruncatedRates) {
  EXPECT_EQ(each_second(clip_info(60, 29.97), "a", {}), (Indices{0, 29, 58}));
  EXPECT_EQ(each_second(clip_info(60, 30), "a", {}), (Indices{0, 30}));
  EXPECT_EQ(each_second(clip_info(3, 0), "a", {}), (Indices{0, 1, 2}));  // a rate nobody knows counts as 1
  EXPECT_EQ(each_second(clip_info(3, 0.5), "a", {}), (Indices{0, 1, 2}));
  EXPECT_EQ(each_second(clip_info(1, 25), "a", {}), (Indices{0}));
}

// 25 / 3 = 8: frame 24 would be the fourth of its second.
TEST(ExtractFrames, SeveralASecondAreEvenlySpaced) {
  EXPECT_EQ(each_second(clip_info(50, 25), "a", {.per_second = 3}), (Indices{0, 8, 16, 25, 33, 41}));
  EXPECT_EQ(each_second(clip_info(4, 2), "a", {.per_second = 9}), (Indices{0, 1, 2, 3}));
  expect_error(ErrorKind::usage, {"0"}, [] { each_second(clip_info(4, 2), "a", {.per_second = 0}); });
}

TEST(ExtractFrames, RandomAdditionsAreTheSameAtEveryRun) {
  const ExtractOptions options{.min_save = 5};
  const Indices chosen = each_second(clip_info(60, 30), "a", options);
  EXPECT_EQ(chosen.size(), 5u);
  EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
  EXPECT_EQ(std::set<int64_t>(chosen.begin(), chosen.end()).size(), 5u);
  EXPECT_TRUE(std::binary_search(chosen.begin(), chosen.end(), 0) &&
              std::binary_search(chosen.begin(), chosen.end(), 30));
  EXPECT_EQ(each_second(clip_info(60, 30), "a", options), chosen);
  EXPECT_NE(each_second(clip_info(60, 30), "b", options), chosen);
  EXPECT_EQ(each_second(clip_info(3, 30), "a", options), (Indices{0, 1, 2}));  // there are no more
}

TEST(ExtractFrames, SegmentsIncludeBothEnds) {
  EXPECT_EQ(segment_seconds(clip_info(300, 30), 2, 4, "a", {}), (Indices{60, 90, 120}));
  EXPECT_EQ(segment_seconds(clip_info(300, 30), 0, 10, "a", {}).size(), 10u);  // second 10 does not begin
  EXPECT_EQ(segment_seconds(clip_info(301, 30), 0, 10, "a", {}).size(), 11u);
  EXPECT_TRUE(segment_seconds(clip_info(300, 30), 10, 12, "a", {}).empty());
  const Indices filled = segment_seconds(clip_info(300, 30), 2, 4, "a", {.min_save = 10});
  EXPECT_EQ(filled.size(), 10u);
  for (const int64_t frame : filled) EXPECT_TRUE(frame >= 60 && (frame < 120 || frame == 120));
}

TEST(ExtractFrames, MiddlesWrapWithinTheLastSecond) {
  EXPECT_EQ(middles(clip_info(250, 25)), (Indices{13, 38, 63, 88, 113, 138, 163, 188, 213, 238}));
  const Indices wrapped = middles(clip_info(60, 25));  // the last second begins at 50 and has 10 frames
  EXPECT_EQ((Indices{wrapped.begin(), wrapped.begin() + 4}), (Indices{13, 38, 53, 58}));
  for (const int64_t frame : wrapped) EXPECT_TRUE(frame >= 0 && frame < 60);
  EXPECT_EQ(middles(clip_info(1, 25)), Indices(10, 0));
  EXPECT_EQ(middles(clip_info(1, 0)), Indices(10, 0));
}

TEST(ExtractFrames, WritesNumberedPictures) {
  const TemporaryDirectory directory;
  write_video(directory / "a.mp4", numbered_clip(60), {.fps = 30000.0 / 1001});
  EXPECT_EQ(extract_each_second(directory / "a.mp4", directory / "x/a.mp4"), 3);
  EXPECT_EQ(names_in(directory / "x/a.mp4"), (Names{"00000.jpg", "00029.jpg", "00058.jpg"}));
  EXPECT_EQ(number_of(image_tensor(directory / "x/a.mp4/00029.jpg")), 29);
  EXPECT_EQ(extract_each_second(directory / "a.mp4", directory / "png", {.png = true}), 3);
  const Tensor exact = frame_tensors(directory / "a.mp4", {58})[0];
  EXPECT_TRUE(torch::equal(image_tensor(directory / "png/00058.png"), exact));
}

TEST(ExtractFrames, WritesSegmentsAndMiddles) {
  const TemporaryDirectory directory;
  write_video(directory / "a.avi", numbered_clip(100), {.fps = 10});
  EXPECT_EQ(extract_segment(directory / "a.avi", directory / "se", 2, 4, {}), 3);
  EXPECT_EQ(names_in(directory / "se"), (Names{"00020.jpg", "00030.jpg", "00040.jpg"}));
  EXPECT_EQ(extract_segment(directory / "a.avi", directory / "ten", 2, 4), 10);
  EXPECT_EQ(names_in(directory / "ten").size(), 10u);
  expect_error(ErrorKind::data, {"a.avi", "second 20", "10.00 s"},
               [&] { extract_segment(directory / "a.avi", directory / "no", 20, 21); });

  EXPECT_EQ(extract_middles(directory / "a.avi", directory / "middles"), 10);
  EXPECT_EQ(names_in(directory / "middles").front(), "frame_00001.jpg");
  EXPECT_EQ(names_in(directory / "middles").back(), "frame_00010.jpg");
  EXPECT_EQ(number_of(image_tensor(directory / "middles/frame_00003.jpg")), 25);
  // Of a short clip the later files show earlier frames.
  write_video(directory / "b.avi", numbered_clip(25), {.fps = 10});
  extract_middles(directory / "b.avi", directory / "short");
  const Indices frames = middles(clip_info(25, 10));
  for (const size_t i : {0u, 2u, 5u, 9u}) {
    const auto file =
        directory / ("short/frame_000" + std::string(i == 9 ? "10" : "0" + std::to_string(i + 1)) + ".jpg");
    EXPECT_EQ(number_of(image_tensor(file)), frames[i]);
  }
}

TEST(ExtractFrames, KeepsWholePicturesAndMendsTheRest) {
  const TemporaryDirectory directory;
  write_video(directory / "a.mp4", numbered_clip(60), {.fps = 30});
  write_video(directory / "other.mp4", numbered_clip(60).flip(0), {.fps = 30});
  extract_each_second(directory / "a.mp4", directory / "x");
  const auto size = std::filesystem::file_size(directory / "x/00030.jpg");
  std::filesystem::resize_file(directory / "x/00030.jpg", size / 2);
  EXPECT_EQ(extract_each_second(directory / "other.mp4", directory / "x"), 2);
  EXPECT_EQ(number_of(image_tensor(directory / "x/00000.jpg")), 0);   // was whole
  EXPECT_EQ(number_of(image_tensor(directory / "x/00030.jpg")), 29);  // was cut
}

TEST(ExtractFrames, NamesAVideoThatDoesNotDecode) {
  const TemporaryDirectory directory;
  directory.write("empty.mp4", "");
  for (const auto& extract : {extract_each_second, extract_middles}) {
    expect_error(ErrorKind::data, {"empty.mp4", "0 bytes"},
                 [&] { extract(directory / "empty.mp4", directory / "x", {}); });
  }
  EXPECT_FALSE(std::filesystem::exists(directory / "x"));
}

}  // namespace
}  // namespace pdmp::data
