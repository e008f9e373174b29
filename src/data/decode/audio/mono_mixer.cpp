#include "data/decode/audio/mono_mixer.h"

extern "C" {
#include <libswresample/swresample.h>
}

namespace pdmp::data {

MonoMixer::~MonoMixer() { swr_free(&converter_); }

bool MonoMixer::append(const AVFrame& frame, std::vector<float>& samples) {
  if (converter_ == nullptr && !open(frame)) return false;
  if (frame.sample_rate != rate_ || frame.format != format_ || frame.ch_layout.nb_channels != channels_) return false;
  const size_t count = static_cast<size_t>(frame.nb_samples);
  planes_.resize(static_cast<size_t>(channels_) * count);
  pointers_.resize(static_cast<size_t>(channels_));
  for (size_t c = 0; c < pointers_.size(); ++c) pointers_[c] = reinterpret_cast<uint8_t*>(planes_.data() + c * count);
  const int converted = swr_convert(converter_, pointers_.data(), frame.nb_samples,
                                    const_cast<const uint8_t**>(frame.extended_data), frame.nb_samples);
  if (converted != frame.nb_samples) return false;
  const size_t first = samples.size();
  samples.resize(first + count);
  for (size_t i = 0; i < count; ++i) {
    float sum = 0;
    for (size_t c = 0; c < pointers_.size(); ++c) sum += planes_[c * count + i];
    samples[first + i] = sum / static_cast<float>(channels_);
  }
  return true;
}

bool MonoMixer::open(const AVFrame& frame) {
  rate_ = frame.sample_rate;
  format_ = frame.format;
  channels_ = frame.ch_layout.nb_channels;
  AVChannelLayout layout;
  av_channel_layout_default(&layout, channels_);
  const bool made = rate_ > 0 && channels_ > 0 &&
                    swr_alloc_set_opts2(&converter_, &layout, AV_SAMPLE_FMT_FLTP, rate_, &layout,
                                        static_cast<AVSampleFormat>(format_), rate_, 0, nullptr) >= 0 &&
                    swr_init(converter_) >= 0;
  av_channel_layout_uninit(&layout);
  return made;
}

}  // namespace pdmp::data
