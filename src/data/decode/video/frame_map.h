// Where every frame of a video is, and when it is shown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/decode/video/video.h"
#include "data/decode/video/video_reader.h"

namespace pdmp::data {

// What the packets of the picture stream say, in their order in the file.
struct PacketTime {
  int64_t pts = AV_NOPTS_VALUE;
  int64_t duration = 0;
  bool key = false, shown = true;
};

// Without usable times (`timed` false) a frame is found by counting decoded ones.
struct FrameMap {
  VideoInfo info;
  std::vector<PacketTime> packets;
  std::vector<int64_t> times;  // pts of the frames, ascending; only where `timed`
  bool timed = false;
  int orientation = 1;  // EXIF's, of the container
  std::optional<StreamFacts> facts;
  // Every packet is one whole frame, and non-reference frames are marked as such: progressive H.264 in MP4 or MOV.
  // (HEVC marks some frames as non-reference that other frames do reference.)
  bool separate = false;
};

// Reads all packets; decodes them only where the container has no usable times. Error{data} naming the file where it
// is cut, damaged, no video or without a single frame.
FrameMap read_frame_map(const FileReading& reading, const std::string& bytes);

}  // namespace pdmp::data
