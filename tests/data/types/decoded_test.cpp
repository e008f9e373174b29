// Every type that uses a cache says the same with it as without, cold, warm and after a change.
#include "data/types/decoded.h"

#include <ctime>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/version.h>

extern "C" {
#include <libavcodec/avcodec.h>
}

#include "base/files/sha256.h"
#include "data/clip.h"
#include "data/encode/encode_png.h"
#include "data/features/profiles.h"
#include "data/types/entry.h"
#include "support/media/encode_video.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::entry;
using testing::TemporaryDirectory;

int64_t later() { return static_cast<int64_t>(std::time(nullptr)) + 600; }

Tensor picture(int64_t seed, int64_t channels = 3) {
  return ((torch::arange(40 * 50 * channels) * (seed * 2 + 37)) % 251).to(torch::kUInt8).reshape({40, 50, channels});
}

struct CachedTypes : ::testing::Test {
  TemporaryDirectory directory;
  SampleCache cache{directory / "cache", int64_t{64} << 20, later};

  CachedTypes() {
    for (const char* folder : {"clip", "flow/u", "flow/v"}) std::filesystem::create_directories(directory / folder);
    write_png(directory / "a.png", picture(1));
    for (int i = 0; i < 6; ++i) write_png(directory / fmt::format("clip/{}.png", i), picture(i));
    for (int i = 0; i < 4; ++i) {
      write_png(directory / fmt::format("flow/u/{}.png", i), picture(i, 1));
      write_png(directory / fmt::format("flow/v/{}.png", i), picture(i + 9, 1));
    }
    write_video(directory / "a.mkv", testing::numbered_clip(30), {.fps = 10});
    write_wav(directory / "a.wav", torch::sin(torch::arange(30000) * 0.05) * 0.5, 11025);
  }

  Tensor load(const ModalityType& type, const std::string& text, bool training, SampleCache* with,
              std::optional<double> start = {}) const {
    RandomStream random(5);
    return type.load({text, directory.path(), start, std::nullopt, with}, training ? &random : nullptr);
  }

  // Without, cold and warm.
  void expect_same(const ModalityType& type, const std::string& text, std::optional<double> start = {}) {
    EXPECT_TRUE(type.uses_cache());
    for (const bool training : {true, false}) {
      const Tensor expected = load(type, text, training, nullptr, start);
      EXPECT_TRUE(torch::equal(load(type, text, training, &cache, start), expected)) << text << ' ' << training;
      cache.commit();
      const int64_t entries = cache.info().entries;
      EXPECT_GT(entries, 0);
      EXPECT_TRUE(torch::equal(load(type, text, training, &cache, start), expected)) << text << ' ' << training;
      cache.commit();
      EXPECT_EQ(cache.info().entries, entries) << "decoded again";
    }
  }
};

TEST_F(CachedTypes, Pictures) {
  for (const char* settings : {R"("size": 16)", R"("size": 24, "interpolation": "bicubic")",
                               R"("size": 16, "augment": "none")", R"("size": 16, "channels": 1)"}) {
    expect_same(*make_modality_type(entry("image", settings)), "a.png");
  }
}

TEST_F(CachedTypes, FramesOfFoldersAndVideos) {
  for (const char* policy : {"segment", "first", "random"}) {
    const auto type = make_modality_type(
        entry("frames", fmt::format(R"("frames": 3, "size": 16, "fps": 2, "policy": "{}")", policy)));
    for (const char* text : {"clip", "clip/4.png;clip/1.png", "a.mkv"}) expect_same(*type, text);
    expect_same(*type, "a.mkv", 1.0);
  }
}

TEST_F(CachedTypes, Flow) {
  expect_same(*make_modality_type(entry("flow", R"("frames": 2, "size": 16)")), "flow");
  expect_same(*make_modality_type(entry("flow", R"("frames": 2, "size": 16, "augment": {"min_scale": 0.3})")), "flow");
}

TEST_F(CachedTypes, AudioOfEveryProfile) {
  for (const AudioProfile& profile : audio_profile_table()) {
    const auto type = make_modality_type(entry("audio", fmt::format(R"("profile": "{}")", profile.name)));
    expect_same(*type, "a.wav");
    expect_same(*type, "a.wav", 0.7);
  }
  // Masks are drawn after the cache, and on a copy.
  expect_same(*make_modality_type(entry("audio", R"("profile": "log_mel_2s", "augment": {"time_mask": 0.5})")),
              "a.wav");
  expect_same(*make_modality_type(entry("audio", R"("profile": "log_stft_av", "eval_window": "random")")), "a.wav");
}

// Draws of other streams come from the cache too, and are those of the decoded original.
TEST_F(CachedTypes, CropsOfACachedPictureDiffer) {
  const auto type = make_modality_type(entry("image", R"("size": 16)"));
  load(*type, "a.png", true, &cache);
  cache.commit();
  RandomStream one(8), same(8);
  const Tensor cached = type->load({"a.png", directory.path(), {}, {}, &cache}, &one);
  EXPECT_TRUE(torch::equal(cached, type->load({"a.png", directory.path(), {}, {}}, &same)));
  EXPECT_FALSE(torch::equal(cached, load(*type, "a.png", true, &cache)));
  EXPECT_EQ(cache.info().entries, 1);
}

TEST_F(CachedTypes, AChangedFileIsDecodedAgain) {
  const auto type = make_modality_type(entry("image", R"("size": 16)"));
  const Tensor before = load(*type, "a.png", false, &cache);
  cache.commit();
  write_png(directory / "a.png", picture(7));
  const Tensor after = load(*type, "a.png", false, &cache);
  EXPECT_FALSE(torch::equal(after, before));
  EXPECT_TRUE(torch::equal(after, load(*type, "a.png", false, nullptr)));
}

TEST_F(CachedTypes, AnotherSettingIsAnotherEntry) {
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"image", R"("size": 16)"},
      {"image", R"("size": 16, "interpolation": "bicubic")"},
      {"image", R"("size": 16, "channels": 1)"},
      {"image", R"("size": 17)"},
      {"audio", R"("profile": "log_stft_cremad")"},
      {"audio", R"("profile": "log_stft_cremad", "stft_pad": "reflect")"},
      {"audio", R"("profile": "log_stft_cremad", "seconds": 2)"},
      {"audio", R"("profile": "log_psd_3s")"}};
  int64_t entries = 0;
  for (const auto& [type, text] : settings) {
    const std::string file = type == "image" ? "a.png" : "a.wav";
    const auto made = make_modality_type(entry(type, text));
    EXPECT_TRUE(torch::equal(load(*made, file, false, &cache), load(*made, file, false, nullptr))) << text;
    cache.commit();
    EXPECT_EQ(cache.info().entries, ++entries) << text;
  }
}

// What is in the cache is not read: here it could not be.
TEST_F(CachedTypes, AWarmVideoIsNotOpened) {
  const auto type = make_modality_type(entry("frames", R"("frames": 3, "size": 16)"));
  load(*type, "a.mkv", false, &cache);
  cache.commit();
  const FileLimits limits;
  const DecodedFile file(&cache, directory / "a.mkv", limits);
  std::filesystem::remove(directory / "a.mkv");
  EXPECT_EQ(file.video_info().frames, 30);
  EXPECT_NEAR(file.video_info().fps, 10, 0.1);
  ASSERT_EQ(file.video_info().times.size(), 30U);
  EXPECT_NEAR(file.video_info().times[20], 2, 0.001);
  EXPECT_NEAR(file.video_info().end, 3, 0.001);
  int64_t seen = 0;
  KeptPicture kept{CacheKind::fitted, "3 16x16 0 false", {}};
  file.use_frames(kept, {5, 15, 25}, [&](size_t position, const Tensor& frame) {
    EXPECT_EQ(frame.size(0), 16);
    EXPECT_EQ(static_cast<int64_t>(position), seen++);
  });
  EXPECT_EQ(seen, 3);
}

// Version 2 decoded some media otherwise, and kept no frame times.
TEST_F(CachedTypes, EntriesOfTheVersionBeforeAreNotUsed) {
  const auto content = cache.content(directory / "a.wav");
  ASSERT_TRUE(content);
  const std::string what = "wave 16000 -1 -1";
  const auto key = [&](int version) {
    return sha256_of(
        fmt::format("{}\n{} avcodec {} torch {}\n{}", content->hash, version, avcodec_version(), TORCH_VERSION, what));
  };
  ASSERT_EQ(key(3), SampleCache::key(*content, what));
  cache.put(key(2), CacheKind::wave, torch::zeros({160000}));
  cache.commit();
  const auto type = make_modality_type(entry("audio", R"("profile": "log_stft_av")"));
  EXPECT_TRUE(torch::equal(load(*type, "a.wav", true, &cache), load(*type, "a.wav", true, nullptr)));
}

TEST_F(CachedTypes, WhatDoesNotDecodeIsNotKept) {
  directory.write("a.png", "no picture");
  const auto type = make_modality_type(entry("image", R"("size": 16)"));
  EXPECT_ANY_THROW(load(*type, "a.png", false, &cache));
  EXPECT_ANY_THROW(load(*type, "gone.png", false, &cache));
  cache.commit();
  EXPECT_EQ(cache.info().entries, 0);
}

}  // namespace
}  // namespace pdmp::data
