// The samples of a recording that are wanted, each at its place on the file's clock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "data/decode/audio/mono_mixer.h"

namespace pdmp::data {

// Seconds on the file's clock; `end` ends what there is to hear, behind `enough` nothing is needed.
struct SoundRange {
  std::optional<double> start, end, enough;

  std::optional<double> last() const;  // the earlier of end and enough
};

// The sample that stands at a moment of the clock; some far away one for moments no recording reaches.
int64_t place_of(double seconds, int rate);

class SoundTrack {
 public:
  SoundTrack(const std::filesystem::path& path, const SoundRange& range) : path_(path), range_(range) {}

  // Error{data} where the sound changes its form or more of it would be kept than limits.h allows.
  void add(const AVFrame& frame);
  // Silence up to a place; before the first sample also a place before 0, where the sound begins.
  void move_to(int64_t place, int rate);

  // Takes back the last samples added.
  void drop(int64_t count);

  int64_t position() const { return position_; }  // place of the next sample, in samples from the clock's beginning
  int64_t heard() const { return heard_; }        // samples added
  int64_t spanned() const { return position_ - first_; }  // from the first sample added
  int rate() const { return mixer_.rate(); }              // 0 before the first frame
  bool complete() const;                                  // nothing more is wanted
  std::vector<float> take();  // from `start` to `last`; empty where there is nothing between

 private:
  void check_limits(int64_t count, int rate) const;

  const std::filesystem::path& path_;
  const SoundRange range_;
  MonoMixer mixer_;
  std::vector<float> samples_;
  int64_t position_ = 0, first_ = 0, heard_ = 0;
};

}  // namespace pdmp::data
