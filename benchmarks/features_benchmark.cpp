// What the loader spends its time on: resizing pictures, spectrograms of speech.
#include <benchmark/benchmark.h>

#include "data/features/profiles.h"
#include "data/features/resize.h"

namespace {

using namespace pdmp;

void resize_picture(benchmark::State& state) {
  const Tensor picture = torch::randint(0, 256, {360, 480, 3}, torch::kUInt8);
  for (auto _ : state) benchmark::DoNotOptimize(resize(picture, 224, 224));
}
BENCHMARK(resize_picture)->Unit(benchmark::kMicrosecond);

void audio_profile(benchmark::State& state, const char* name, int64_t rate) {
  const AudioProfile& profile = find_audio_profile(name);
  const Tensor samples = torch::rand({2 * rate}) - 0.5;
  for (auto _ : state) benchmark::DoNotOptimize(audio_features(profile, samples, rate, nullptr));
}
BENCHMARK_CAPTURE(audio_profile, log_mel_2s_from_44100, "log_mel_2s", 44100)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(audio_profile, log_psd_3s, "log_psd_3s", 16000)->Unit(benchmark::kMicrosecond);

}  // namespace
