#include "data/features/profiles.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/log.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>

#include "base/table.h"
#include "data/features/resample.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

int64_t window_length(int64_t rate, const AudioProfile& profile) {
  return std::llround(static_cast<double>(rate) * profile.seconds);
}

// y[i] = x[i mod n].
Tensor repeat_to(const Tensor& wave, int64_t length) {
  const int64_t times = (length + wave.size(0) - 1) / wave.size(0);
  return wave.repeat({times}).narrow(0, 0, length);
}

Tensor tile(const Tensor& wave, int64_t rate, const AudioProfile& profile, RandomStream*) {
  return repeat_to(wave, window_length(rate, profile));
}

Tensor zero_pad(const Tensor& wave, int64_t rate, const AudioProfile& profile, RandomStream*) {
  return at::constant_pad_nd(wave, {0, window_length(rate, profile) - wave.size(0)});  // negative padding cuts
}

Tensor whole(const Tensor& wave, int64_t, const AudioProfile&, RandomStream*) { return wave; }

// Doubled until twice the window long; the window begins anywhere in the first half (training) or in the middle of the
// whole, as far as the first half goes (evaluation).
Tensor double_and_crop(const Tensor& wave, int64_t rate, const AudioProfile& profile, RandomStream* augment) {
  const int64_t length = window_length(rate, profile);
  int64_t doubled = wave.size(0);
  while (doubled < 2 * length) doubled *= 2;
  const int64_t centre = std::min((doubled - length) / 2, length);
  const int64_t start = augment != nullptr ? augment->integer(0, length) : centre;
  return repeat_to(wave, 2 * length).narrow(0, start, length);
}

constexpr double kFloor = 1e-7;

Tensor log_magnitude(const Tensor& wave, int64_t, const AudioProfile& profile) {
  return magnitude(stft(wave, profile.n_fft, profile.hop, profile.pad)).add_(kFloor).log_();
}

Tensor log_density(const Tensor& wave, int64_t rate, const AudioProfile& profile) {
  return standardise(at::log(power_density(wave, rate, profile.n_fft, profile.hop) + kFloor)).to(at::kFloat);
}

Tensor power_spectrum(const Tensor& frames, int64_t n_fft) {
  return at::abs(at::fft_rfft(frames, n_fft)).square();
}  // (T, F)

// Cut off, not rounded, as Kaldi does: 1,102 of 25 ms at 44,100 Hz.
int64_t samples_in(int64_t milliseconds, int64_t rate) { return milliseconds * rate / 1000; }

constexpr int64_t kFrameMilliseconds = 25, kHopMilliseconds = 10;

Tensor log_mel(const Tensor& wave, int64_t rate, const AudioProfile& profile) {
  constexpr int64_t kBands = 64;
  constexpr double kLow = 20, kHigh = 7600, kMelFloor = 1e-6;
  const int64_t frame = samples_in(kFrameMilliseconds, rate);
  const Tensor frames = frames_of(wave.to(at::kDouble), frame, profile.hop) * hann_window(frame);
  const Tensor filters = mel_filters(kBands, profile.n_fft, rate, kLow, kHigh, MelTriangles::linear_in_hz);
  const Tensor energies = filters.matmul(power_spectrum(frames, profile.n_fft).t());
  return standardise(at::log(energies + kMelFloor)).to(at::kFloat);
}

// Kaldi's filter bank features with the constants of the Audio Spectrogram Transformer; time first: (1024, 128).
Tensor filter_bank(const Tensor& wave, int64_t rate, const AudioProfile&) {
  constexpr int64_t kBands = 128, kFrames = 1024;
  constexpr double kLow = 20, kEmphasis = 0.97, kSmallest = 1.1920928955078125e-07, kMean = -4.503877,
                   kDeviation = 5.141276;
  const int64_t frame = samples_in(kFrameMilliseconds, rate);
  int64_t n_fft = 1;
  while (n_fft < frame) n_fft *= 2;
  const Tensor centred = wave.to(at::kDouble) - wave.to(at::kDouble).mean();
  Tensor frames = frames_of(centred, frame, samples_in(kHopMilliseconds, rate));
  frames = frames - frames.mean(1, true);
  const Tensor before = at::cat({frames.narrow(1, 0, 1), frames.narrow(1, 0, frame - 1)}, 1);
  frames = (frames - kEmphasis * before) * symmetric_hann_window(frame);
  const Tensor filters =
      mel_filters(kBands, n_fft, rate, kLow, static_cast<double>(rate) / 2, MelTriangles::linear_in_mel);
  const Tensor energies = power_spectrum(frames, n_fft).matmul(filters.t());
  const Tensor logs = at::log(energies.clamp_min(kSmallest));
  const Tensor padded = at::constant_pad_nd(logs, {0, 0, 0, kFrames - logs.size(0)});
  return ((padded - kMean) / (2 * kDeviation)).to(at::kFloat);
}

}  // namespace

const std::vector<AudioProfile>& audio_profile_table() {
  static const std::vector<AudioProfile> table = {
      {"log_psd_3s", "257x299: log power density of the first 3 s, tiled, standardised (CREMA-D as the paper sizes it)",
       16000, 3, 512, 159, StftPad::none, tile, log_density, true},
      {"log_psd_10s", "257x1004: log power density of the first 10 s, tiled, standardised (AVE, Kinetics-Sounds)",
       16000, 10, 512, 159, StftPad::none, tile, log_density, true},
      {"log_stft_cremad",
       "257x188: log magnitude at 22,050 Hz of the first 3 s, tiled (CREMA-D as released code has it)", 22050, 3, 512,
       353, StftPad::zero, tile, log_magnitude, true},
      {"log_stft_av",
       "129x626: log magnitude of 5 s, random in training, central in evaluation (VGGSound, Kinetics-Sounds)", 16000, 5,
       256, 128, StftPad::zero, double_and_crop, log_magnitude, false, true},
      {"log_stft_nc", "257x299 (10 s: 257x1004): log magnitude without padding of the first 3 s, tiled", 16000, 3, 512,
       159, StftPad::none, tile, log_magnitude, true},
      {"log_mel_2s", "64x198: log mel energies of the first 2 s, zero-padded, standardised (short speech)", 16000, 2,
       512, 160, StftPad::none, zero_pad, log_mel, true},
      {"fbank_10s", "1024x128: Kaldi filter bank at the file's own rate, time first, zero-padded or cut", 0, 0, 0, 0,
       StftPad::none, whole, filter_bank, false},
  };
  return table;
}

const AudioProfile& find_audio_profile(const std::string& name) {
  return get_row(audio_profile_table(), name, "unknown audio profile", ErrorKind::data);
}

Tensor audio_features(const AudioProfile& profile, const Tensor& samples, int64_t rate, RandomStream* augment) {
  if (samples.dim() != 1 || samples.size(0) < 1)
    throw Error(ErrorKind::data, "expected a recording of at least one sample, found none");
  const int64_t target = profile.rate == 0 ? rate : profile.rate;
  const Tensor wave = resample(samples, rate, target);
  const Tensor window = profile.window(wave, target, profile, augment).clamp(-1, 1);
  return profile.spectrogram(window, target, profile).unsqueeze(0).contiguous();
}

std::vector<int64_t> audio_shape(const AudioProfile& profile) {
  constexpr int64_t kAnyRate = 16000;
  return audio_features(profile, at::zeros({kAnyRate}), kAnyRate, nullptr).sizes().vec();
}

}  // namespace pdmp::data
