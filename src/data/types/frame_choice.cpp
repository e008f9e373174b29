#include "data/types/frame_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace pdmp::data {
namespace {

constexpr double kSlack = 1e-6;  // seconds; times are multiples of what doubles cannot hold

// The frame nearest to a moment, the later of two; as many as there are behind the middle of the last one.
int64_t nearest_frame(const VideoInfo& video, double seconds) {
  const auto next = std::upper_bound(video.times.begin(), video.times.end(), seconds + kSlack);
  const auto index = next - video.times.begin();
  if (index == 0) return 0;
  const double end = next == video.times.end() ? video.times.front() + video.duration : *next;
  return seconds + kSlack >= (*(next - 1) + end) / 2 ? index : index - 1;
}

// The frame that stands at a moment; the first one before it begins.
int64_t frame_at(const VideoInfo& video, double seconds) {
  const auto next = std::upper_bound(video.times.begin(), video.times.end(), seconds + kSlack);
  return std::max<int64_t>(0, next - video.times.begin() - 1);
}

}  // namespace

FrameChoice read_frame_choice(Settings& source) {
  static const std::map<std::string, FramePolicy> policies = {
      {"segment", FramePolicy::segment}, {"first", FramePolicy::first}, {"random", FramePolicy::random}};
  constexpr int64_t kMostFrames = 1024;
  constexpr double kFastest = 1000;
  std::vector<std::string> names;
  for (const auto& [name, policy] : policies) names.push_back(name);
  FrameChoice choice;
  choice.frames = source.integer("frames", choice.frames, 1, kMostFrames);
  choice.policy = policies.at(source.choice("policy", "segment", names));
  choice.fps = source.number("fps", choice.fps, 0, kFastest);
  return choice;
}

std::vector<int64_t> choose_frames(int64_t count, const FrameChoice& choice, RandomStream* augment) {
  std::vector<int64_t> chosen(static_cast<size_t>(choice.frames));
  std::iota(chosen.begin(), chosen.end(), 0);
  if (count > choice.frames && choice.policy == FramePolicy::random && augment != nullptr) {
    std::vector<int64_t> all(static_cast<size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    augment->shuffle(all);
    std::copy_n(all.begin(), choice.frames, chosen.begin());
    std::sort(chosen.begin(), chosen.end());
  } else if (count > choice.frames && choice.policy != FramePolicy::first) {
    const double part = static_cast<double>(count) / static_cast<double>(choice.frames);
    for (int64_t& frame : chosen) {
      const double within = augment != nullptr ? augment->uniform() * part : part / 2;
      frame = static_cast<int64_t>(static_cast<double>(frame) * part + within);
    }
  }
  for (int64_t& frame : chosen) frame = std::min(frame, count - 1);
  return chosen;
}

std::pair<int64_t, int64_t> frame_range(int64_t count, double fps, std::optional<double> start,
                                        std::optional<double> end) {
  if (fps <= 0) return {0, count};
  const auto at = [&](double seconds) { return std::clamp<int64_t>(std::llround(seconds * fps), 0, count); };
  const int64_t first = at(start.value_or(0));
  return {first, end ? std::max(first, at(*end)) : count};
}

std::pair<int64_t, int64_t> frame_range(const VideoInfo& video, std::optional<double> start,
                                        std::optional<double> end) {
  if (video.times.empty() || (!start && !end)) return {0, video.frames};
  const double begin = start.value_or(0);
  if (begin > 0 && begin >= video.end) return {video.frames, video.frames};
  const int64_t first = nearest_frame(video, begin);
  const int64_t last = end ? nearest_frame(video, *end) : video.frames;
  if (first < last) return {first, last};
  const int64_t standing = frame_at(video, begin);
  return {standing, standing + 1};
}

}  // namespace pdmp::data
