// What a media file may ask for at most, so that no damaged or hostile one takes the memory of the machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pdmp::data {

constexpr int64_t kMaxPixels = int64_t{1} << 26;         // of a picture or a frame of a video
constexpr int64_t kMaxScannedPixels = int64_t{1} << 30;  // of a JPEG, times its scans: progressive ones have ten
constexpr int64_t kMaxSamples = int64_t{1} << 26;        // of the sound between `start` and `end`
constexpr int64_t kMaxSeconds = 3600;                    // of the same: resampled, slow recordings grow
constexpr int64_t kMaxSampleRate = 768000;               // Hz; resampling filters are as long as the ratio of rates
constexpr int kMaxDrawingSeconds = 3;                    // of the processor, for an SVG
constexpr size_t kMaxAllocation = size_t{640} << 20;     // bytes FFmpeg may take at once: a 16-bit RGBA picture fits

}  // namespace pdmp::data
