#include "data/decode/audio/sound_track.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "data/files/limits.h"
#include "data/files/media_file.h"

namespace pdmp::data {

std::optional<double> SoundRange::last() const {
  if (!end || !enough) return end ? end : enough;
  return std::min(*end, *enough);
}

int64_t place_of(double seconds, int rate) {
  constexpr double kFar = 1e15;  // no recording is as long
  return std::llround(std::clamp(seconds * rate, -kFar, kFar));
}

void SoundTrack::add(const AVFrame& frame) {
  if (frame.sample_rate > kMaxSampleRate) {
    refuse_media(path_, fmt::format("a recording of at most {} Hz", kMaxSampleRate),
                 fmt::format("{} Hz", frame.sample_rate));
  }
  check_limits(frame.nb_samples, frame.sample_rate);
  if (!mixer_.append(frame, samples_)) {
    refuse_media(path_, "one sample format and rate throughout", "a change or an unknown one");
  }
  const int64_t count = frame.nb_samples;
  if (heard_ == 0) first_ = position_;
  if (range_.start) {
    const int64_t before = std::clamp<int64_t>(place_of(*range_.start, rate()) - position_, 0, count);
    samples_.erase(samples_.end() - count, samples_.end() - count + before);
  }
  position_ += count;
  heard_ += count;
}

void SoundTrack::move_to(int64_t place, int rate) {
  if (place < position_) {
    if (heard_ == 0) position_ = place;
    return;
  }
  const auto last = range_.last();
  const int64_t begin = std::max(position_, place_of(range_.start.value_or(0), rate));
  const int64_t end = last ? std::min(place, place_of(*last, rate)) : place;
  if (begin < end) {
    check_limits(end - begin, rate);
    samples_.resize(samples_.size() + static_cast<size_t>(end - begin));
  }
  position_ = place;
}

void SoundTrack::drop(int64_t count) {
  const auto kept = static_cast<int64_t>(samples_.size()) - count;
  samples_.resize(static_cast<size_t>(std::max<int64_t>(0, kept)));
  position_ -= count;
  heard_ -= count;
}

bool SoundTrack::complete() const {
  const auto last = range_.last();
  return last && rate() > 0 && static_cast<double>(position_) >= *last * rate() + 1;
}

std::vector<float> SoundTrack::take() {
  const auto last = range_.last();
  const int64_t begin = range_.start ? place_of(*range_.start, rate()) : std::min<int64_t>(first_, 0);
  const int64_t end = last ? std::min(position_, place_of(*last, rate())) : position_;
  samples_.resize(static_cast<size_t>(std::max<int64_t>(0, end - begin)));
  return std::move(samples_);
}

// Before samples are kept, so that no vector grows past the limits.
void SoundTrack::check_limits(int64_t count, int rate) const {
  const int64_t kept = static_cast<int64_t>(samples_.size()) + count;
  if (kept <= kMaxSamples && kept <= kMaxSeconds * std::max(rate, 1)) return;
  refuse_media(path_, fmt::format("at most {} s and {} samples of sound", kMaxSeconds, kMaxSamples),
               fmt::format("more ({} Hz)", rate), "say which part to use with 'start' and 'end'");
}

}  // namespace pdmp::data
