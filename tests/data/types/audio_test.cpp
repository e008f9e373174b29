#include <cmath>
#include <gtest/gtest.h>

#include "data/clip.h"
#include "data/features/profiles.h"
#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/media/encode_video.h"
#include "support/media/encode_wav.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::cell;
using testing::entry;
using testing::expect_error;
using testing::TemporaryDirectory;

Tensor tone(double hertz, int64_t rate, double seconds) {
  const Tensor n = torch::arange(std::llround(seconds * static_cast<double>(rate)), torch::kFloat64);
  const Tensor x = 0.5 * torch::sin(n * (2 * M_PI * hertz / static_cast<double>(rate))) * torch::cos(n * 0.0003);
  return ((x * 32768).round() / 32768).to(torch::kFloat32);
}

TEST(AudioType, MakesTheProfilesSpectrogram) {
  const TemporaryDirectory directory;
  write_wav(directory / "a.wav", tone(440, 16000, 1.5), 16000);
  const auto type = make_modality_type(entry("audio", R"("profile": "log_mel_2s")"));
  EXPECT_EQ(type->shape(nullptr), (std::vector<int64_t>{1, 64, 198}));
  const Tensor expected = audio_features(find_audio_profile("log_mel_2s"), tone(440, 16000, 1.5), 16000, nullptr);
  EXPECT_TRUE(torch::equal(type->load(cell("a.wav", directory.path()), nullptr), expected));
}

// Reading stops early in a long file; no number changes.
TEST(AudioType, ReadsNoMoreThanItNeeds) {
  const TemporaryDirectory directory;
  for (const int64_t rate : {8000, 22050, 44100}) {
    const Tensor samples = tone(440, rate, 6);
    write_wav(directory / "a.wav", samples, rate);
    for (const char* name : {"log_psd_3s", "log_stft_cremad", "log_mel_2s"}) {
      const auto type = make_modality_type(entry("audio", std::string(R"("profile": ")") + name + "\""));
      EXPECT_TRUE(torch::equal(type->load(cell("a.wav", directory.path()), nullptr),
                               audio_features(find_audio_profile(name), samples, rate, nullptr)))
          << name << ' ' << rate;
    }
  }
}

TEST(AudioType, CutsFromStartToEnd) {
  const TemporaryDirectory directory;
  const Tensor samples = tone(440, 16000, 6);
  write_wav(directory / "a.wav", samples, 16000);
  const auto type = make_modality_type(entry("audio", R"("profile": "log_psd_3s")"));
  EXPECT_TRUE(
      torch::equal(type->load({"a.wav", directory.path(), 1.0, 2.5}, nullptr),
                   audio_features(find_audio_profile("log_psd_3s"), samples.slice(0, 16000, 40000), 16000, nullptr)));
  expect_error(ErrorKind::data, {"a.wav", "6.00 s in all"}, [&] {
    type->load({"a.wav", directory.path(), 7.0, 8.0}, nullptr);
  });
}

TEST(AudioType, TakesTheSoundOfAVideo) {
  const TemporaryDirectory directory;
  const Tensor samples = tone(440, 22050, 4);  // longer than the pictures
  write_video(directory / "a.avi", testing::numbered_clip(25), {.audio = samples, .audio_rate = 22050});
  write_video(directory / "silent.mp4", testing::numbered_clip(25));
  const auto type = make_modality_type(entry("audio", R"("profile": "log_psd_3s")"));
  const AudioProfile& profile = find_audio_profile("log_psd_3s");
  EXPECT_TRUE(torch::equal(type->load(cell("a.avi", directory.path()), nullptr),
                           audio_features(profile, samples, 22050, nullptr)));
  EXPECT_TRUE(torch::equal(type->load({"a.avi", directory.path(), 2.0, 3.5}, nullptr),
                           audio_features(profile, samples.slice(0, 44100, 77175), 22050, nullptr)));
  expect_error(ErrorKind::data, {"a.avi", "4.00 s in all"}, [&] {
    type->load({"a.avi", directory.path(), 5.0, 6.0}, nullptr);
  });
  expect_error(ErrorKind::data, {"silent.mp4", "without sound"},
               [&] { type->load(cell("silent.mp4", directory.path()), nullptr); });
}

TEST(AudioType, ReadsSettings) {
  EXPECT_EQ(make_modality_type(entry("audio", R"("profile": "log_stft_nc", "seconds": 10)"))->shape(nullptr),
            (std::vector<int64_t>{1, 257, 1004}));
  const TemporaryDirectory directory;
  write_wav(directory / "a.wav", tone(440, 22050, 3), 22050);
  const auto load = [&](const std::string& pad) {
    const auto type = make_modality_type(entry("audio", R"("profile": "log_stft_cremad", "stft_pad": ")" + pad + "\""));
    return type->load(cell("a.wav", directory.path()), nullptr);
  };
  EXPECT_FALSE(torch::equal(load("zero").select(2, 0), load("reflect").select(2, 0)));
  EXPECT_TRUE(torch::equal(load("zero").select(2, 90), load("reflect").select(2, 90)));
}

// Released code draws the 5 s of a test sample too. The starts are those that tests/golden/features_check.py draws.
TEST(AudioType, TrapEvaluationDrawsItsWindowOnlyWhereAsked) {
  const TemporaryDirectory directory;
  const Tensor samples = tone(440, 16000, 10);
  std::filesystem::create_directories(directory / "moved");
  for (const char* file : {"a.wav", "b.wav", "moved/a.wav"}) write_wav(directory / file, samples, 16000);
  const AudioProfile& profile = find_audio_profile("log_stft_av");
  const auto heard = [&](int64_t start) {  // the middle of 10 s is the window
    const Tensor window = samples.slice(0, start, start + 80000);
    return audio_features(profile, torch::constant_pad_nd(window, {40000, 40000}), 16000, nullptr);
  };
  const auto plain = make_modality_type(entry("audio", R"("profile": "log_stft_av")"));
  const auto drawn = make_modality_type(entry("audio", R"("profile": "log_stft_av", "eval_window": "random")"));
  const auto load = [&](const ModalityType& type, const std::string& file, RandomStream* random) {
    return type.load(cell(file, directory.path()), random);
  };
  for (const char* file : {"a.wav", "b.wav"}) EXPECT_TRUE(torch::equal(load(*plain, file, nullptr), heard(40000)));
  for (int again = 0; again < 2; ++again) {
    EXPECT_TRUE(torch::equal(load(*drawn, "a.wav", nullptr), heard(14324)));
    EXPECT_TRUE(torch::equal(load(*drawn, "b.wav", nullptr), heard(34327)));
    EXPECT_TRUE(torch::equal(load(*drawn, "moved/a.wav", nullptr), heard(14324)));
  }
  RandomStream one(3), same(3);
  EXPECT_TRUE(torch::equal(load(*drawn, "a.wav", &one), load(*plain, "a.wav", &same)));
}

TEST(AudioType, HidesBandsInTrainingOnly) {
  const TemporaryDirectory directory;
  write_wav(directory / "a.wav", tone(440, 16000, 2), 16000);
  const auto load = [&](const std::string& augment, RandomStream* random) {
    const auto type = make_modality_type(entry("audio", R"("profile": "log_mel_2s", "augment": )" + augment));
    return type->load(cell("a.wav", directory.path()), random);
  };
  const std::string masks = R"({"time_mask": 0.5, "frequency_mask": 0.25})";
  const Tensor plain = load("\"none\"", nullptr);
  EXPECT_TRUE(torch::equal(load(masks, nullptr), plain));
  RandomStream unused(1);
  EXPECT_TRUE(torch::equal(load("\"none\"", &unused), plain));

  RandomStream random(3), again(3);
  const Tensor hidden = load(masks, &random);
  EXPECT_TRUE(torch::equal(load(masks, &again), hidden));
  const Tensor changed = hidden.ne(plain)[0];  // (F, T)
  const int64_t columns = changed.all(0).sum().item<int64_t>(), rows = changed.all(1).sum().item<int64_t>();
  EXPECT_GT(columns, 0);
  EXPECT_LE(columns, 99);  // half of 198
  EXPECT_GT(rows, 0);
  EXPECT_LE(rows, 16);  // a quarter of 64
  EXPECT_EQ(changed.sum().item<int64_t>(), columns * 64 + rows * 198 - rows * columns);
  EXPECT_TRUE(hidden.masked_select(changed.unsqueeze(0)).sub(plain.mean()).abs().lt(1e-5).all().item<bool>());
}

TEST(AudioType, RefusesSettingsThatDoNotFit) {
  const auto refuse = [](const std::string& settings, const std::vector<std::string>& words) {
    expect_error(ErrorKind::data, words, [&] { make_modality_type(entry("audio", settings)); });
  };
  refuse(R"("augment": 3)", {"augment", "time_mask"});
  refuse(R"("augment": {"time_mask": 2})", {"augment", "time_mask", "2"});
  refuse(R"("profile": "log_psd")", {"modality 'm'", "profile", "log_psd_3s"});
  refuse(R"("profile": "log_stft_av", "stft_pad": "none")", {"stft_pad", "zero, reflect"});
  refuse(R"("profile": "log_psd_3s", "stft_pad": "zero")", {"stft_pad"});  // nothing is padded there
  refuse(R"("profile": "fbank_10s", "seconds": 3)", {"seconds"});
  refuse(R"("profile": "log_stft_av", "eval_window": "middle")", {"eval_window", "centre, random"});
  refuse(R"("profile": "log_psd_3s", "eval_window": "random")", {"eval_window"});  // nothing is drawn there
}

}  // namespace
}  // namespace pdmp::data
