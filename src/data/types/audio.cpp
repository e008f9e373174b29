// A recording -> the spectrogram of a profile, (1, F, T).
#include "data/decode/audio.h"

#include "data/features/profiles.h"
#include "data/types/cell_paths.h"
#include "data/types/settings.h"
#include "data/types/types.h"

namespace pdmp {
namespace {

// Behind the window the resampling filter still looks at up to 50 zero crossings of the lower rate: 6 ms at 8,000 Hz.
constexpr double kFilterReach = 0.1;

class AudioType : public ModalityType {
 public:
  explicit AudioType(const ModalityEntry& entry) {
    Settings source(entry);
    std::vector<std::string> names;
    for (const AudioProfile& profile : audio_profile_table()) names.emplace_back(profile.name);
    profile_ = find_audio_profile(source.choice("profile", "log_psd_3s", names));
    if (profile_.pad != StftPad::none) {
      profile_.pad =
          source.choice("stft_pad", "zero", {"zero", "reflect"}) == "zero" ? StftPad::zero : StftPad::reflect;
    }
    constexpr double kShortest = 0.1, kLongest = 600;
    if (profile_.seconds > 0) profile_.seconds = source.number("seconds", profile_.seconds, kShortest, kLongest);
    source.finish();
    shape_ = audio_shape(profile_);
  }

  std::vector<int64_t> shape(const Cell*) const override { return shape_; }

  Tensor load(const Cell& cell, RandomStream* augment) const override {
    std::optional<double> end = cell.end;
    if (profile_.only_beginning) {
      const double enough = cell.start.value_or(0) + profile_.seconds + kFilterReach;
      end = std::min(end.value_or(enough), enough);
    }
    const Audio audio = decode_audio(cell_path(cell), cell.start, end);
    return audio_features(profile_, audio.samples, audio.rate, augment);
  }

  std::vector<std::filesystem::path> files(const Cell& cell) const override { return {cell_path(cell)}; }

 private:
  AudioProfile profile_;
  std::vector<int64_t> shape_;
};

}  // namespace

std::unique_ptr<ModalityType> make_audio_type(const ModalityEntry& entry) { return std::make_unique<AudioType>(entry); }

}  // namespace pdmp
