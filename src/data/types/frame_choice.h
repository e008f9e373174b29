// Which frames of a clip make a sample.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/decode/video/video.h"
#include "data/types/settings.h"
#include "pdmp/random.h"

namespace pdmp::data {

enum class FramePolicy { segment, first, random };

struct FrameChoice {
  int64_t frames = 1;  // T
  FramePolicy policy = FramePolicy::segment;
  double fps = 0;  // of the folder; 0: start and end of a row do not choose frames
};

// Reads "frames", "policy" and "fps".
FrameChoice read_frame_choice(Settings& source);

// T indices of `count` >= 1 frames, ascending. segment: one of each of T equal parts, at random in training, central in
// evaluation; first: 0 ... T-1; random: any T distinct ones in training, as segment in evaluation. Fewer frames than T:
// all of them, the last repeated. `augment` null: evaluation.
std::vector<int64_t> choose_frames(int64_t count, const FrameChoice& choice, RandomStream* augment);

// [first, last) of `count` pictures, `fps` a second, that lie between start and end seconds; all where `fps` is 0. May
// be empty. A moment belongs to the nearest picture.
std::pair<int64_t, int64_t> frame_range(int64_t count, double fps, std::optional<double> start,
                                        std::optional<double> end);

// The same of a video, by its frames' times. Where none lies between the two (a still passage, or one of pictures and
// sound lasts longer or begins later), the frame that stands at `start`; empty where the whole file has ended by then.
std::pair<int64_t, int64_t> frame_range(const VideoInfo& video, std::optional<double> start, std::optional<double> end);

}  // namespace pdmp::data
