#include "data/decode/video/frame_map.h"

#include <algorithm>

extern "C" {
#include <libavutil/common.h>
}

#include "data/decode/file_clock.h"
#include "data/decode/header/display_matrix.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

int orientation_of(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
  const AVPacketSideData* data = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const uint8_t* matrix = data != nullptr ? data->data : nullptr;
#else
  const uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
#endif
  return matrix == nullptr ? 1 : orientation_of_matrix(reinterpret_cast<const int32_t*>(matrix));
}

// As stored -> turned clockwise by `rotation`, then mirrored left to right.
void describe_orientation(int orientation, VideoInfo& info) {
  constexpr int kRotations[] = {0, 0, 180, 180, 90, 90, 270, 270};
  info.rotation = kRotations[orientation - 1];
  info.mirrored = orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7;
  if (orientation >= 5) std::swap(info.width, info.height);
}

// Frames before the first keyframe (of a clip cut out of its stream) are not decodable, so they are none.
void find_times(FrameMap& map) {
  const auto first_key =
      std::find_if(map.packets.begin(), map.packets.end(), [](const PacketTime& packet) { return packet.key; });
  map.timed = first_key != map.packets.end();
  for (auto at = first_key; map.timed && at != map.packets.end(); ++at) {
    map.timed = at->pts != AV_NOPTS_VALUE;
    if (at->shown && at->pts >= first_key->pts) map.times.push_back(at->pts);
  }
  std::sort(map.times.begin(), map.times.end());
  map.timed = map.timed && std::adjacent_find(map.times.begin(), map.times.end()) == map.times.end();
  if (!map.timed) map.times.clear();
}

// The file's own rate, as other programs report it; else what the frames' times say.
double frame_rate(const AVStream& stream, const FrameMap& map) {
  constexpr double kFastest = 1000;  // above it is a time base that was taken for a rate
  for (const AVRational rate : {stream.avg_frame_rate, stream.r_frame_rate}) {
    if (rate.num > 0 && rate.den > 0 && av_q2d(rate) <= kFastest) return av_q2d(rate);
  }
  if (map.times.size() < 2) return 0;
  return static_cast<double>(map.times.size() - 1) / seconds_at(stream, map.times.back() - map.times.front());
}

// How long the last frame is shown: as its packet says, else as long as the one before.
int64_t last_duration(const FrameMap& map) {
  const int64_t last = map.times.back();
  const auto packet = std::find_if(map.packets.begin(), map.packets.end(),
                                   [&](const PacketTime& each) { return each.shown && each.pts == last; });
  if (packet != map.packets.end() && packet->duration > 0) return packet->duration;
  return map.times.size() < 2 ? 0 : av_sat_sub64(last, map.times[map.times.size() - 2]);
}

// Frame times on the clock that pictures and sound share.
void use_times(VideoReader& reader, FrameMap& map) {
  VideoInfo& info = map.info;
  const AVStream& stream = reader.stream();
  info.frames = static_cast<int64_t>(map.times.size());
  if (map.times.empty()) return;
  const double start = clock_start(reader.format()).value_or(seconds_at(stream, map.times.front()));
  for (const int64_t time : map.times) info.times.push_back(seconds_at(stream, time) - start);
  const int64_t end = av_sat_add64(map.times.back(), last_duration(map));
  info.duration = seconds_at(stream, av_sat_sub64(end, map.times.front()));
  info.end = std::max(seconds_at(stream, end), reader.end_of(find_sound(reader.format()))) - start;
}

// What decoding tells where the packets' own times are of no use.
struct DecodedFrames {
  std::vector<std::optional<double>> times;  // seconds of the timestamps, in order of presentation
  double start = 0;                          // of the first, on the file's clock
};

DecodedFrames decode_times(const FileReading& reading, const std::string& bytes) {
  VideoReader reader(reading, bytes);
  const AVStream& stream = reader.stream();
  const auto packet = make_packet();
  const auto frame = make_frame();
  DecodedFrames result;
  for (bool more = true; more;) {
    more = reader.next(*packet);
    reader.send(more ? packet.get() : nullptr);
    while (reader.receive(*frame)) {
      const int64_t time = frame->best_effort_timestamp;
      result.times.push_back(time == AV_NOPTS_VALUE ? std::nullopt : std::optional(seconds_at(stream, time)));
    }
  }
  const auto clock = clock_start(reader.format());
  if (clock && stream.start_time != AV_NOPTS_VALUE) result.start = seconds_at(stream, stream.start_time) - *clock;
  return result;
}

// Frames without a time, or with an earlier one than the frame before, last as long as the rate says. All are moved so
// that the first stands at `start`: FFmpeg takes times of decoding for them, which are late by as much as B-frames are
// reordered. Empty where a rate is needed and there is none.
std::vector<double> complete_times(const DecodedFrames& decoded, double fps) {
  std::vector<double> times;
  const auto known =
      std::find_if(decoded.times.begin(), decoded.times.end(), [](const auto& time) { return time.has_value(); });
  const bool any = known != decoded.times.end();
  const double first = any && fps > 0 ? **known - static_cast<double>(known - decoded.times.begin()) / fps : 0;
  for (const std::optional<double>& time : decoded.times) {
    if (time && (times.empty() || *time > times.back())) {
      times.push_back(*time);
    } else if (fps > 0) {
      times.push_back(times.empty() ? first : times.back() + 1 / fps);
    } else {
      return {};
    }
  }
  const double late = times.empty() ? 0 : times.front() - decoded.start;
  for (double& time : times) time -= late;
  return times;
}

void count_by_decoding(const FileReading& reading, const std::string& bytes, FrameMap& map) {
  const DecodedFrames decoded = decode_times(reading, bytes);
  VideoInfo& info = map.info;
  info.frames = static_cast<int64_t>(decoded.times.size());
  info.times = complete_times(decoded, info.fps);
  if (info.fps <= 0 || info.times.empty()) return;
  info.duration = info.times.back() - info.times.front() + 1 / info.fps;
  info.end = std::max(info.end, info.times.back() + 1 / info.fps);
}

FrameMap read_map(const FileReading& reading, const std::string& bytes) {
  FrameMap map;
  VideoInfo& info = map.info;
  VideoReader reader(reading, bytes);
  const auto packet = make_packet();
  while (reader.next(*packet)) {
    map.packets.push_back({packet->pts, packet->duration, (packet->flags & AV_PKT_FLAG_KEY) != 0,
                           (packet->flags & AV_PKT_FLAG_DISCARD) == 0});
  }
  reader.check_end();
  find_times(map);
  const AVStream& stream = reader.stream();
  map.facts = reader.facts();
  map.separate = map.facts && stream.codecpar->codec_id == AV_CODEC_ID_H264 &&
                 stream.codecpar->field_order == AV_FIELD_PROGRESSIVE;
  map.orientation = orientation_of(stream);
  if (map.orientation == 0) refuse_media(reading.path(), "a video turned by quarters of a circle", "another angle");
  info.fps = frame_rate(stream, map);
  info.width = stream.codecpar->width;
  info.height = stream.codecpar->height;
  describe_orientation(map.orientation, info);
  info.has_audio = find_sound(reader.format()) >= 0;
  info.end = reader.end_of(find_sound(reader.format())) - clock_start(reader.format()).value_or(0);
  use_times(reader, map);
  return map;
}

}  // namespace

FrameMap read_frame_map(const FileReading& reading, const std::string& bytes) {
  FrameMap map = read_map(reading, bytes);
  if (!map.timed && !map.packets.empty()) count_by_decoding(reading, bytes, map);  // one reader at a time
  if (map.info.frames == 0) refuse_media(reading.path(), kExpectedVideo, "no frames in it");
  return map;
}

}  // namespace pdmp::data
