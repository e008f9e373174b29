// Decoded sound of any sample format and number of channels to mono floats.
#pragma once

#include <vector>

#include "data/decode/ffmpeg.h"

struct SwrContext;

namespace pdmp::data {

// Integers of b bits are divided by 2^(b-1); channels become their mean.
class MonoMixer {
 public:
  MonoMixer() = default;
  ~MonoMixer();
  MonoMixer(const MonoMixer&) = delete;
  MonoMixer& operator=(const MonoMixer&) = delete;

  // Appends the frame's samples; false where the stream changes its form or cannot be converted.
  bool append(const AVFrame& frame, std::vector<float>& samples);
  int rate() const { return rate_; }  // 0 before the first frame

 private:
  bool open(const AVFrame& frame);

  SwrContext* converter_ = nullptr;
  int rate_ = 0, format_ = -1, channels_ = 0;
  std::vector<float> planes_;
  std::vector<uint8_t*> pointers_;
};

}  // namespace pdmp::data
