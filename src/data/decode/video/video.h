// Frames of a video file, any of them without decoding the whole.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "data/decode/pixels.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

struct VideoInfo {
  int64_t frames = 0;   // shown; >= 1
  double fps = 0;       // mean of the file; 0: the file does not say and cannot be asked
  double duration = 0;  // seconds of the pictures; frames / fps where the file does not say, 0 without fps too
  int64_t width = 0;    // as decode_frames gives them, turned as the container says
  int64_t height = 0;
  int rotation = 0;       // clockwise degrees that were applied: 0, 90, 180 or 270
  bool mirrored = false;  // left to right, after that
  bool has_audio = false;
  // When each frame is shown, in seconds on the clock that pictures and sound share (file_clock.h), ascending; i / fps
  // where the file does not say, empty without fps too.
  std::vector<double> times;
  double end = 0;  // of pictures and sound, on the same clock
};

// A file, looked through once for all that is asked of it; its bytes are in memory.
class Video {
 public:
  // Reads all packets; decodes them only where the container has no usable times. Error{data} naming the file where it
  // is missing, empty, cut, damaged, no video or without a single frame, or where reading it goes beyond `limits`,
  // which hold for each call of `frames` anew.
  explicit Video(const std::filesystem::path& path, FileLimits limits = {});
  ~Video();
  Video(const Video&) = delete;
  Video& operator=(const Video&) = delete;

  const VideoInfo& info() const;

  // Frames at ascending (repeats allowed) 0-based indices in order of presentation: (H, W, 3) uint8 RGB each, the
  // phone's rotation applied. Decoding begins at the keyframe before a wanted frame and leaves out what no wanted frame
  // leans on; what comes out is what decoding everything would give. Error{data} as above, and where an index is not
  // below VideoInfo::frames.
  std::vector<Pixels> frames(const std::vector<int64_t>& indices) const;

 private:
  struct State;
  const std::unique_ptr<const State> state_;
};

// Of one Video each. Thread-safe.
VideoInfo read_video_info(const std::filesystem::path& path);
std::vector<Pixels> decode_frames(const std::filesystem::path& path, const std::vector<int64_t>& indices);

// Told by the file's extension, in either case: .avi .flv .m4v .mkv .mov .mp4 .mpeg .mpg .webm .wmv .3gp
bool is_video_name(const std::filesystem::path& path);

}  // namespace pdmp::data
