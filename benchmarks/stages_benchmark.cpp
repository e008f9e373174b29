// What the loader spends its time on, stage by stage: a sample of CREMA-D's kind, a JPEG of 480x360 and 2.5 s of speech
// at 16 kHz, as pdmp_loader_benchmark makes them. docs/data-speed.md has the table.
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <filesystem>
#include <unistd.h>

#include "data/decode/audio/audio.h"
#include "data/decode/image/image.h"
#include "data/encode/encode_jpeg.h"
#include "data/features/normalise.h"
#include "data/features/profiles.h"
#include "data/features/resample.h"
#include "data/features/resize.h"
#include "made_up_media.h"
#include "pdmp/dataset.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"

namespace {

using namespace pdmp;
namespace fs = std::filesystem;

constexpr int64_t kHeight = 360, kWidth = 480, kSize = 224, kRate = 16000, kProfileRate = 22050, kBatch = 64;
constexpr double kMinScale = 0.08, kSeconds = 2.5;
const std::vector<double> kMean = {0.485, 0.456, 0.406}, kDeviation = {0.229, 0.224, 0.225};

// The two files of the sample, gone at exit.
struct Media {
  fs::path folder = fs::temp_directory_path() / ("pdmp_stages_" + std::to_string(getpid()));
  fs::path picture = folder / "picture.jpg", sound = folder / "sound.wav";
  Media() {
    at::set_num_threads(1);
    fs::create_directories(folder);
    torch::manual_seed(0);
    write_jpeg(picture, as_bytes(scene(kHeight, kWidth)));
    write_wav(sound, pdmp::sound(kSeconds, kRate), kRate);
  }
  ~Media() { fs::remove_all(folder); }
};

const Media& media() {
  static const Media files;
  return files;
}

template <typename Work>
void repeat(benchmark::State& state, const Work& work) {
  for (auto _ : state) benchmark::DoNotOptimize(work());
}

void decode_whole_picture(benchmark::State& state) {
  repeat(state, [] { return image_tensor(media().picture); });
}

void decode_random_part(benchmark::State& state) {
  RandomStream random(1);
  repeat(state, [&] {
    return image_tensor(media().picture, 3, [&](int64_t height, int64_t width) {
      return data::random_resized_crop(height, width, kMinScale, random);
    });
  });
}

void resize_random_part(benchmark::State& state) {
  RandomStream random(1);
  const Tensor picture = image_tensor(media().picture);
  repeat(state, [&] {
    return data::resize(data::crop(picture, data::random_resized_crop(kHeight, kWidth, kMinScale, random)), kSize,
                        kSize);
  });
}

void resize_whole_picture(benchmark::State& state) {
  const Tensor picture = image_tensor(media().picture);
  repeat(state, [&] { return data::resize(picture, kSize, kSize); });
}

void flip_picture(benchmark::State& state) {
  const Tensor picture = data::resize(image_tensor(media().picture), kSize, kSize);
  repeat(state, [&] { return picture.flip(1); });
}

void normalise_picture(benchmark::State& state) {
  const Tensor picture = data::resize(image_tensor(media().picture), kSize, kSize);
  repeat(state, [&] { return data::normalise(picture, kMean, kDeviation); });
}

void decode_sound(benchmark::State& state) {
  repeat(state, [] { return audio_tensor(media().sound); });
}

void resample_sound(benchmark::State& state) {
  const Tensor samples = audio_tensor(media().sound).samples;
  repeat(state, [&] { return data::resample(samples, kRate, kProfileRate); });
}

void log_stft_of_sound(benchmark::State& state) {
  const Tensor samples = data::resample(audio_tensor(media().sound).samples, kRate, kProfileRate);
  repeat(state, [&] {
    return data::audio_features(data::find_audio_profile("log_stft_cremad"), samples, kProfileRate, nullptr);
  });
}

// Of one sample: its picture and its spectrogram, a batch's worth in turn.
void copy_into_batch(benchmark::State& state) {
  const Tensor picture = torch::rand({3, kSize, kSize});
  const Tensor spectrogram =
      data::audio_features(data::find_audio_profile("log_stft_cremad"), sound(kSeconds, kRate), kRate, nullptr);
  Tensor pictures = torch::empty({kBatch, 3, kSize, kSize});
  Tensor spectrograms = torch::empty({kBatch, spectrogram.size(0), spectrogram.size(1), spectrogram.size(2)});
  int64_t place = 0;
  repeat(state, [&] {
    pictures[place].copy_(picture);
    spectrograms[place].copy_(spectrogram);
    place = (place + 1) % kBatch;
    return place;
  });
}

BENCHMARK(decode_whole_picture)->Unit(benchmark::kMicrosecond);
BENCHMARK(decode_random_part)->Unit(benchmark::kMicrosecond);
BENCHMARK(resize_whole_picture)->Unit(benchmark::kMicrosecond);
BENCHMARK(resize_random_part)->Unit(benchmark::kMicrosecond);
BENCHMARK(flip_picture)->Unit(benchmark::kMicrosecond);
BENCHMARK(normalise_picture)->Unit(benchmark::kMicrosecond);
BENCHMARK(decode_sound)->Unit(benchmark::kMicrosecond);
BENCHMARK(resample_sound)->Unit(benchmark::kMicrosecond);
BENCHMARK(log_stft_of_sound)->Unit(benchmark::kMicrosecond);
BENCHMARK(copy_into_batch)->Unit(benchmark::kMicrosecond);

}  // namespace
