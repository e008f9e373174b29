#include "data/importers/shared/extract_frames.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <system_error>

#include "base/files/file.h"
#include "data/decode/header/image_format.h"
#include "data/encode/encode_jpeg.h"
#include "data/encode/encode_png.h"
#include "data/files/media_file.h"
#include "pdmp/error.h"
#include "pdmp/random.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

struct Still {
  int64_t frame = 0;
  fs::path file;
};

int64_t frames_a_second(const VideoInfo& info) { return std::max<int64_t>(1, static_cast<int64_t>(info.fps)); }

// Frames of [first, last) that are not chosen yet, until there are `least`; the same ones for the same clip and seed.
void add_random(std::vector<int64_t>& chosen, int64_t first, int64_t last, const std::string& name,
                const ExtractOptions& options) {
  const int64_t missing = options.min_save - static_cast<int64_t>(chosen.size());
  if (missing <= 0 || first >= last) return;
  std::vector<int64_t> others;
  for (int64_t frame = first; frame < last; ++frame) {
    if (!std::binary_search(chosen.begin(), chosen.end(), frame)) others.push_back(frame);
  }
  random_stream(options.seed, "extract/" + name).shuffle(others);
  others.resize(std::min(others.size(), static_cast<size_t>(missing)));
  chosen.insert(chosen.end(), others.begin(), others.end());
  std::sort(chosen.begin(), chosen.end());
}

bool is_whole_picture(const fs::path& file) {
  std::error_code code;
  if (!fs::is_regular_file(file, code) || fs::file_size(file, code) == 0) return false;
  const FileLimits limits;
  const std::string bytes = read_media(FileReading(file, limits), "a picture");
  const ImageFormat* format = find_image_format(bytes);
  return format != nullptr && (format->damage == nullptr || format->damage(bytes).empty());
}

void write_whole(const Still& still, const Pixels& picture, bool png) {
  const fs::path temporary = still.file.parent_path() / fmt::format(".{}.tmp", still.file.filename().string());
  png ? write_png(temporary, picture) : write_jpeg(temporary, picture);
  std::error_code code;
  fs::rename(temporary, still.file, code);
  if (code) throw Error(ErrorKind::io, fmt::format("cannot write '{}': {}", still.file.string(), code.message()));
}

int64_t write_stills(const fs::path& video, const fs::path& folder, std::vector<Still> stills, bool png) {
  constexpr size_t kAtOnce = 32;  // decoded pictures held in memory
  const auto count = static_cast<int64_t>(stills.size());
  make_directories(folder);
  std::erase_if(stills, [](const Still& still) { return is_whole_picture(still.file); });
  std::sort(stills.begin(), stills.end(), [](const Still& a, const Still& b) { return a.frame < b.frame; });
  for (size_t first = 0; first < stills.size(); first += kAtOnce) {
    const size_t last = std::min(first + kAtOnce, stills.size());
    std::vector<int64_t> indices;
    for (size_t i = first; i < last; ++i) indices.push_back(stills[i].frame);
    const std::vector<Pixels> pictures = decode_frames(video, indices);
    for (size_t i = first; i < last; ++i) write_whole(stills[i], pictures[i - first], png);
  }
  return count;
}

// Named by the frame, 5 digits.
std::vector<Still> numbered(const fs::path& folder, const std::vector<int64_t>& frames, bool png) {
  std::vector<Still> stills;
  stills.reserve(frames.size());
  for (const int64_t frame : frames) {
    stills.push_back({frame, folder / fmt::format("{:05d}.{}", frame, png ? "png" : "jpg")});
  }
  return stills;
}

}  // namespace

std::vector<int64_t> each_second(const VideoInfo& info, const std::string& name, const ExtractOptions& options) {
  if (options.per_second < 1) {
    throw Error(ErrorKind::usage, fmt::format("frames a second: expected at least 1, found {}", options.per_second));
  }
  const int64_t f = frames_a_second(info), kept = std::min(options.per_second, f), interval = f / kept;
  std::vector<int64_t> chosen;
  for (int64_t frame = 0; frame < info.frames; ++frame) {
    const int64_t within = frame % f;
    if (within < interval * kept && within % interval == 0) chosen.push_back(frame);
  }
  add_random(chosen, 0, info.frames, name, options);
  return chosen;
}

std::vector<int64_t> segment_seconds(const VideoInfo& info, int64_t start, int64_t end, const std::string& name,
                                     const ExtractOptions& options) {
  const int64_t f = frames_a_second(info), seconds = (info.frames + f - 1) / f;
  std::vector<int64_t> chosen;
  for (int64_t s = std::max<int64_t>(start, 0); s <= end && s < seconds; ++s) chosen.push_back(s * f);
  const int64_t last = std::min(end, seconds) * f;
  add_random(chosen, std::max<int64_t>(start, 0) * f, std::min(last, info.frames), name, options);
  return chosen;
}

std::vector<int64_t> middles(const VideoInfo& info) {
  constexpr int64_t kSeconds = 10;
  const auto at = [&](double seconds) { return static_cast<int64_t>(std::llround(seconds * info.fps)); };
  // The last second that has begun, whole or not.
  const double begun = info.fps > 0 ? std::floor(static_cast<double>(info.frames - 1) / info.fps) : 0;
  const int64_t first = std::min(at(begun), info.frames - 1), length = info.frames - first;
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < kSeconds; ++i) {
    const int64_t frame = at(static_cast<double>(i) + 0.5);
    chosen.push_back(frame < info.frames ? frame : first + (frame - first) % length);
  }
  return chosen;
}

int64_t extract_each_second(const fs::path& video, const fs::path& folder, const ExtractOptions& options) {
  const VideoInfo info = read_video_info(video);
  const auto frames = each_second(info, folder.filename().string(), options);
  return write_stills(video, folder, numbered(folder, frames, options.png), options.png);
}

int64_t extract_segment(const fs::path& video, const fs::path& folder, int64_t start, int64_t end,
                        const ExtractOptions& options) {
  const VideoInfo info = read_video_info(video);
  const auto frames = segment_seconds(info, start, end, folder.filename().string(), options);
  if (frames.empty()) {
    refuse_media(video, fmt::format("pictures from second {} to second {}", start, end),
                 fmt::format("{:.2f} s in all", info.duration), "correct the segment or replace the file");
  }
  return write_stills(video, folder, numbered(folder, frames, options.png), options.png);
}

int64_t extract_middles(const fs::path& video, const fs::path& folder, const ExtractOptions& options) {
  std::vector<Still> stills;
  for (const int64_t frame : middles(read_video_info(video))) {
    const auto number = static_cast<int64_t>(stills.size()) + 1;
    stills.push_back({frame, folder / fmt::format("frame_{:05d}.{}", number, options.png ? "png" : "jpg")});
  }
  return write_stills(video, folder, std::move(stills), options.png);
}

}  // namespace pdmp::data
