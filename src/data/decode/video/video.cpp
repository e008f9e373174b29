#include "data/decode/video/video.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <string>

#include "base/text/value_text.h"
#include "data/decode/audio/audio_container.h"
#include "data/decode/header/display_matrix.h"
#include "data/decode/video/frame_map.h"
#include "data/decode/video/rgb_converter.h"
#include "data/decode/video/video_reader.h"
#include "data/files/media_file.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

// Decodes from keyframes what is wanted and skips the rest.
class FramePicker {
 public:
  FramePicker(const FileReading& reading, const FrameMap& map, const std::vector<int64_t>& indices)
      : reading_(reading), map_(map), indices_(indices), converter_(reading.path()) {
    if (!map_.timed) return;
    for (const int64_t index : indices_) times_.push_back(map_.times[static_cast<size_t>(index)]);
  }

  // False where a wanted frame did not come out although its packet was there: begin further ahead.
  bool run(const std::string& bytes, bool from_beginning) {
    frames_.clear();
    decoded_ = 0;
    const bool seek = map_.timed && !from_beginning, select = seek && map_.separate;
    VideoReader reader(reading_, bytes, seek && map_.facts ? &*map_.facts : nullptr);
    const auto packet = make_packet();
    size_t begin = seek && !indices_.empty() ? keyframe_before(wanted()) : 0;
    bool fed = false;
    for (size_t position = 0; !finished() && reader.next(*packet); ++position) {
      if (position < begin) continue;
      if (position == begin && fed) reader.restart();  // what lies between was skipped
      if (select) reader.skip_unneeded(!std::binary_search(times_.begin(), times_.end(), packet->pts));
      reader.send(packet.get());
      fed = true;
      // The wanted picture is complete; the decoder would hold it back until it has seen more, to put them in order.
      if (select && packet->pts == wanted_time() && jumps_after(position)) reader.send(nullptr);
      const size_t before = frames_.size();
      if (!receive(reader)) return false;
      if (seek && !finished() && frames_.size() > before) begin = std::max(begin, keyframe_before(wanted()));
    }
    if (!finished()) {
      reader.send(nullptr);
      if (!receive(reader)) return false;
    }
    return finished();
  }

  // Some streams call frames keys that lean on earlier ones, or refresh in stripes; whether an error is the file's own
  // shows from the beginning only.
  bool run_from_keyframes(const std::string& bytes) {
    try {
      return run(bytes, false);
    } catch (const Error&) {
      reading_.check();
      return false;
    }
  }

  std::vector<Pixels> take() { return std::move(frames_); }

 private:
  bool finished() const { return frames_.size() == indices_.size(); }
  int64_t wanted() const { return indices_[frames_.size()]; }
  int64_t wanted_time() const { return times_[frames_.size()]; }

  // Whether decoding goes on at a later packet once the wanted frame is there, or not at all.
  bool jumps_after(size_t position) const {
    const auto rest = indices_.begin() + static_cast<ptrdiff_t>(frames_.size());
    const auto next = std::upper_bound(rest, indices_.end(), *rest);
    return next == indices_.end() || keyframe_before(*next) > position;
  }

  // Position of the packet decoding begins with. Frames shown before a keyframe that precedes them in the file lean on
  // the keyframe before that one too.
  size_t keyframe_before(int64_t index) const {
    const int64_t time = map_.times[static_cast<size_t>(index)];
    size_t best = 0;
    for (size_t i = 0; i < map_.packets.size(); ++i) {
      if (map_.packets[i].key && map_.packets[i].pts <= time) best = i;
      if (map_.packets[i].pts == time) break;
    }
    return best;
  }

  // What a frame says holds for those behind it too, up to the next keyframe.
  void note_orientation() {
    const auto own = orientation_of_frame(*frame_);
    if (own == 0) refuse_media(reading_.path(), "frames turned by quarters of a circle", "another angle");
    if (own || frame_->key_frame != 0) orientation_ = own.value_or(map_.orientation);
  }

  bool receive(VideoReader& reader) {
    while (!finished() && reader.receive(*frame_)) {
      note_orientation();
      if (map_.timed && frame_->pts > wanted_time()) return false;
      const bool found = map_.timed ? frame_->pts == wanted_time() : decoded_ == wanted();
      ++decoded_;
      if (!found) continue;
      const Pixels picture = converter_.convert(*frame_, orientation_);
      const int64_t index = wanted();
      while (!finished() && wanted() == index) frames_.push_back(picture);
    }
    return true;
  }

  const FileReading& reading_;
  const FrameMap& map_;
  const std::vector<int64_t>& indices_;
  std::vector<int64_t> times_;  // of `indices_`; only where the map is timed
  RgbConverter converter_;
  FfmpegPtr<AVFrame> frame_ = make_frame();
  std::vector<Pixels> frames_;
  int64_t decoded_ = 0;
  int orientation_ = map_.orientation;  // of the frame that was decoded last
};

std::string read_video(const FileReading& reading) {
  std::string bytes = read_media(reading, kExpectedVideo);
  const std::string damage = find_container_damage(bytes);
  if (!damage.empty()) refuse_media(reading.path(), kExpectedWholeVideo, damage);
  if (bytes.starts_with("version https://git-lfs"))
    refuse_media(reading.path(), kExpectedVideo, describe_content(bytes));
  return bytes;
}

}  // namespace

struct Video::State {
  State(std::filesystem::path file, FileLimits given) : path(std::move(file)), limits(std::move(given)) {
    const FileReading reading(path, limits);
    bytes = read_video(reading);
    map = read_frame_map(reading, bytes);
  }

  const std::filesystem::path path;
  const FileLimits limits;
  std::string bytes;
  FrameMap map;
};

Video::Video(const std::filesystem::path& path, FileLimits limits)
    : state_(std::make_unique<const State>(path, std::move(limits))) {}

Video::~Video() = default;

const VideoInfo& Video::info() const { return state_->map.info; }

std::vector<Pixels> Video::frames(const std::vector<int64_t>& indices) const {
  const auto& [path, limits, bytes, map] = *state_;
  if (!std::is_sorted(indices.begin(), indices.end())) {
    throw Error(ErrorKind::usage, fmt::format("'{}': frames are asked for in ascending order", path.string()));
  }
  for (const int64_t index : indices) {
    if (index >= 0 && index < map.info.frames) continue;
    refuse_media(path, fmt::format("frame {} (the first is 0)", index), fmt::format("{} frames", map.info.frames),
                 "ask for one of these");
  }
  const FileReading reading(path, limits);
  FramePicker picker(reading, map, indices);
  if (!picker.run_from_keyframes(bytes) && !picker.run(bytes, true)) {
    refuse_media(path, fmt::format("{} frames", map.info.frames), "one that does not come out of the decoder");
  }
  return picker.take();
}

VideoInfo read_video_info(const std::filesystem::path& path) { return Video(path).info(); }

std::vector<Pixels> decode_frames(const std::filesystem::path& path, const std::vector<int64_t>& indices) {
  return Video(path).frames(indices);
}

bool is_video_name(const std::filesystem::path& path) {
  static const std::set<std::string> extensions = {".avi", ".flv", ".m4v",  ".mkv",  ".mov", ".mp4",
                                                   ".mpg", ".wmv", ".mpeg", ".webm", ".3gp"};
  return extensions.contains(lower_case(path.extension().string()));
}

}  // namespace pdmp::data
