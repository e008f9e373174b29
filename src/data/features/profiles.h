// Audio profiles: named ways from a recording to a spectrogram.
#pragma once

#include <string>
#include <vector>

#include "data/features/spectrogram.h"
#include "pdmp/fwd.h"
#include "pdmp/random.h"

namespace pdmp::data {

struct AudioProfile;
// wave (n) float32 in [-1, 1] at `rate` -> (F, T) float32.
using SpectrogramFunction = Tensor (*)(const Tensor& wave, int64_t rate, const AudioProfile& profile);
// wave (n >= 1) at `rate` -> the samples the spectrogram sees. `augment` null: evaluation.
using WindowFunction = Tensor (*)(const Tensor& wave, int64_t rate, const AudioProfile& profile, RandomStream* augment);

struct AudioProfile {
  const char* name;
  const char* summary;
  int64_t rate;        // Hz; 0: the file's own
  double seconds;      // of the window; 0: the whole recording
  int64_t n_fft, hop;  // samples; 0: follows from the rate
  StftPad pad;
  WindowFunction window;
  SpectrogramFunction spectrogram;
  bool only_beginning;         // the window never looks behind `seconds`
  bool random_window = false;  // in training; such a profile has a rate of its own
};

const std::vector<AudioProfile>& audio_profile_table();
const AudioProfile& find_audio_profile(const std::string& name);  // Error{data} with the nearest spelling

// samples (n >= 1) float32 mono at `rate` -> (1, F, T) float32: resample, window, clip to [-1, 1], spectrogram.
Tensor audio_features(const AudioProfile& profile, const Tensor& samples, int64_t rate, RandomStream* augment);
// (1, F, T): the same for every recording.
std::vector<int64_t> audio_shape(const AudioProfile& profile);

}  // namespace pdmp::data
