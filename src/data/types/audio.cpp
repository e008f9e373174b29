// A recording -> the spectrogram of a profile, (1, F, T).
#include "data/decode/audio/audio.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/table.h"
#include "data/features/profiles.h"
#include "data/features/resample.h"
#include "data/types/cell_paths.h"
#include "data/types/decoded.h"
#include "data/types/settings.h"
#include "data/types/tensors.h"
#include "data/types/types.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

// Shares of the spectrogram that training may hide (SpecAugment, Park et al. 2019): at most, drawn anew every time.
struct Masks {
  double time = 0, frequency = 0;
};

Masks read_masks(Settings& source) {
  Masks masks;
  const nlohmann::json* augment = source.value("augment");
  if (augment == nullptr || *augment == "none") return masks;
  if (!augment->is_object()) source.refuse("augment", "\"none\" or an object of time_mask and frequency_mask");
  Settings inner(source.where() + ", augment", *augment);
  masks.time = inner.number("time_mask", 0, 0, 1);
  masks.frequency = inner.number("frequency_mask", 0, 0, 1);
  inner.finish();
  return masks;
}

// One band across dimension `dim` of features (1, F, T), up to `share` of its length, becomes `value`.
void hide_band(Tensor& features, int64_t dim, double share, double value, RandomStream& random) {
  const int64_t size = features.size(dim);
  const int64_t width = random.integer(0, static_cast<int64_t>(share * static_cast<double>(size)));
  features.narrow(dim, random.integer(0, size - width), width).fill_(value);
}

// Behind the window the resampling filter still looks at up to 50 zero crossings of the lower rate: 6 ms at 8,000 Hz.
constexpr double kFilterReach = 0.1;

class AudioType : public ModalityType {
 public:
  explicit AudioType(const ModalityEntry& entry) {
    Settings source(entry);
    profile_ = find_audio_profile(source.choice("profile", "log_psd_3s", row_names(audio_profile_table())));
    if (profile_.pad != StftPad::none) {
      profile_.pad =
          source.choice("stft_pad", "zero", {"zero", "reflect"}) == "zero" ? StftPad::zero : StftPad::reflect;
    }
    constexpr double kShortest = 0.1, kLongest = 600;
    if (profile_.seconds > 0) profile_.seconds = source.number("seconds", profile_.seconds, kShortest, kLongest);
    if (profile_.random_window)
      draws_in_evaluation_ = source.choice("eval_window", "centre", {"centre", "random"}) == "random";
    masks_ = read_masks(source);
    source.finish();
    shape_ = audio_shape(profile_);
    name_ = fmt::format("spectrogram {} {} {}", profile_.name, static_cast<int>(profile_.pad), profile_.seconds);
  }

  std::vector<int64_t> shape(const Cell*) const override { return shape_; }

  Tensor load(const Cell& cell, RandomStream* augment) const override {
    if (augment == nullptr) return in_evaluation(cell);
    Tensor features = profile_.random_window ? from_wave(cell, *augment) : fixed(cell);
    hide(features, *augment);
    return features;
  }

  bool uses_cache() const override { return true; }
  std::vector<std::filesystem::path> files(const Cell& cell) const override { return {cell_path(cell)}; }

 private:
  // Where the profile has heard enough, whatever the row's end.
  std::optional<double> enough(const Cell& cell) const {
    if (!profile_.only_beginning) return std::nullopt;
    return cell.start.value_or(0) + profile_.seconds + kFilterReach;
  }

  std::string times(const Cell& cell) const {
    constexpr double kNone = -1;
    const double end = cell.end ? std::min(*cell.end, enough(cell).value_or(*cell.end)) : kNone;
    return fmt::format("{} {}", cell.start.value_or(kNone), end);
  }

  // By the recording's name, not by chance: what is evaluated twice gives the same numbers twice, wherever it lies.
  Tensor in_evaluation(const Cell& cell) const {
    if (!draws_in_evaluation_) return fixed(cell);
    const std::string name = cell_path(cell).filename().string();
    RandomStream random = random_stream(0, fmt::format("window/{}/{}", name, times(cell)));
    return from_wave(cell, random);
  }

  // The spectrogram that is the same every time: kept as it is.
  Tensor fixed(const Cell& cell) const {
    const std::filesystem::path path = cell_path(cell);
    const std::string what = fmt::format("{} {}", name_, times(cell));
    return DecodedFile(cell.cache, path, cell.limits()).get(CacheKind::spectrogram, what, [&] {
      Audio audio = decode_audio(path, cell.start, cell.end, cell.limits(), enough(cell));
      return audio_features(profile_, tensor_of(std::move(audio.samples)), audio.rate, nullptr);
    });
  }

  // The window is drawn: what is kept is what all of them are cut from.
  Tensor from_wave(const Cell& cell, RandomStream& random) const {
    const std::filesystem::path path = cell_path(cell);
    Tensor features;
    DecodedFile(cell.cache, path, cell.limits())
        .use(
            CacheKind::wave, fmt::format("wave {} {}", profile_.rate, times(cell)),
            [&] {
              Audio audio = decode_audio(path, cell.start, cell.end, cell.limits(), enough(cell));
              return resample(tensor_of(std::move(audio.samples)), audio.rate, profile_.rate);
            },
            [&](const Tensor& wave) { features = audio_features(profile_, wave, profile_.rate, &random); });
    return features;
  }

  void hide(Tensor& features, RandomStream& random) const {
    if (masks_.time == 0 && masks_.frequency == 0) return;
    const double mean = features.mean().item<double>();
    if (masks_.time > 0) hide_band(features, 2, masks_.time, mean, random);
    if (masks_.frequency > 0) hide_band(features, 1, masks_.frequency, mean, random);
  }

  AudioProfile profile_;
  Masks masks_;
  bool draws_in_evaluation_ = false;  // the window, as released code does
  std::vector<int64_t> shape_;
  std::string name_;  // of what the cache keeps
};

}  // namespace

std::unique_ptr<ModalityType> make_audio_type(const ModalityEntry& entry) { return std::make_unique<AudioType>(entry); }

}  // namespace pdmp::data
