#include "data/decode/video.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <string_view>

extern "C" {
#include <libavutil/display.h>
#include <libswscale/swscale.h>
}

#include <fmt/format.h>

#include "base/value_text.h"
#include "data/decode/audio_container.h"
#include "data/decode/ffmpeg.h"
#include "data/decode/limits.h"
#include "data/decode/media_file.h"
#include "data/decode/memory_input.h"
#include "data/decode/rgb_planes.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr const char* kExpected = "a video";
constexpr const char* kWhole = "a whole video";

// What the packets of the picture stream say, in their order in the file.
struct PacketTime {
  int64_t pts = AV_NOPTS_VALUE;
  bool key = false, shown = true;
};

// What a first look at a file has found out about its pictures, for which FFmpeg decodes some.
struct StreamFacts {
  int index = -1;
  FfmpegPtr<AVCodecParameters> parameters;
};

int clockwise_rotation(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
  const AVPacketSideData* data = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const uint8_t* matrix = data != nullptr ? data->data : nullptr;
#else
  const uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
#endif
  if (matrix == nullptr) return 0;
  const double counterclockwise = av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix));
  if (!std::isfinite(counterclockwise)) return 0;
  const int quarters = static_cast<int>(std::lround(-counterclockwise / 90));
  return (quarters % 4 + 4) % 4 * 90;
}

// One file, opened for reading its packets from the beginning.
class VideoReader {
 public:
  // `known`: what facts() said of the same bytes.
  VideoReader(const FileReading& reading, const std::string& bytes, const StreamFacts* known = nullptr)
      : reading_(reading), path_(reading.path()), input_(reading, bytes) {
    input_.open(kExpected, messages_);
    messages_.clear();  // headers hold things FFmpeg does not know; what follows are complaints about content
    if (known == nullptr) {
      find_pictures();
    } else {
      stream_index_ = known->index;
    }
    const AVCodecParameters* parameters = known == nullptr ? stream().codecpar : known->parameters.get();
    const AVCodec* codec = find_decoder(parameters->codec_id);
    if (codec == nullptr) refuse_codec(path_, kExpected, avcodec_get_name(parameters->codec_id));
    context_ = make_codec_context(codec, avcodec_get_name(parameters->codec_id));
    check(avcodec_parameters_to_context(context_.get(), parameters), "read");
    context_->pkt_timebase = stream().time_base;
    context_->max_pixels = kMaxPixels;
    context_->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    check(avcodec_open2(context_.get(), codec, nullptr), "decode");
    last_ends_.assign(input_.format()->nb_streams, 0);
  }

  AVStream& stream() { return *input_.format()->streams[stream_index_]; }

  // Of containers whose header tells all streams and whose packets say when they are shown; nothing of others, where
  // what a reader sees of the packets may depend on what it knows of the stream.
  std::optional<StreamFacts> facts() {
    if (!std::string_view(input_.format()->iformat->name).starts_with("mov,")) return std::nullopt;
    StreamFacts facts{stream_index_, FfmpegPtr<AVCodecParameters>(avcodec_parameters_alloc())};
    if (facts.parameters == nullptr || avcodec_parameters_copy(facts.parameters.get(), stream().codecpar) < 0)
      return std::nullopt;
    return facts;
  }

  bool has_audio() { return av_find_best_stream(input_.format(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0) >= 0; }

  // The next packet of the pictures; false at the end of the file.
  bool next(AVPacket& packet) {
    int code = 0;
    av_packet_unref(&packet);
    while ((code = av_read_frame(input_.format(), &packet)) >= 0) {
      reading_.check();
      note_end(packet);
      if ((packet.flags & AV_PKT_FLAG_CORRUPT) != 0) refuse_media(path_, kWhole, "a packet cut short");
      if (packet.stream_index == stream_index_) return true;
      av_packet_unref(&packet);
    }
    if (code != AVERROR_EOF) check(code, "read");
    return false;
  }

  void send(const AVPacket* packet) { check(avcodec_send_packet(context_.get(), packet), "decode"); }
  void restart() { avcodec_flush_buffers(context_.get()); }
  // Whether to pass over packets whose picture no other leans on.
  void skip_unneeded(bool skip) { context_->skip_frame = skip ? AVDISCARD_NONREF : AVDISCARD_DEFAULT; }

  bool receive(AVFrame& frame) {
    const int code = avcodec_receive_frame(context_.get(), &frame);
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return false;
    check(code, "decode");
    if (frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0) {
      refuse_media(path_, kWhole, messages_.first().empty() ? "damaged data" : messages_.first());
    }
    return true;
  }

  // After the last packet. Containers that say how long they are tell on a cut file; guesses from the bit rate do not
  // count.
  void check_end() {
    const AVFormatContext& format = *input_.format();
    if (!messages_.first().empty()) refuse_media(path_, kWhole, messages_.first());
    if (format.duration_estimation_method != AVFMT_DURATION_FROM_STREAM || format.duration <= 0) return;
    const double start =
        format.start_time == AV_NOPTS_VALUE ? 0 : static_cast<double>(format.start_time) / AV_TIME_BASE;
    const double declared = static_cast<double>(format.duration) / AV_TIME_BASE;
    const double found = *std::max_element(last_ends_.begin(), last_ends_.end()) - start;
    if (found < 0.9 * declared && declared - found > 0.2) {
      refuse_media(path_, fmt::format("a video of {:.2f} s as the file says", declared),
                   fmt::format("{:.2f} s", found));
    }
  }

 private:
  void find_pictures() {
    check(find_streams(*input_.format()), "read");
    stream_index_ = av_find_best_stream(input_.format(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (stream_index_ < 0 || (stream().disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
      refuse_media(path_, kExpected, "a file without moving pictures");
    }
  }

  void note_end(const AVPacket& packet) {
    const int64_t time = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
    const auto index = static_cast<size_t>(packet.stream_index);
    if (index >= last_ends_.size()) last_ends_.resize(index + 1, 0);  // some containers announce streams late
    if (time == AV_NOPTS_VALUE) return;
    const double end =
        static_cast<double>(time + packet.duration) * av_q2d(input_.format()->streams[packet.stream_index]->time_base);
    last_ends_[index] = std::max(last_ends_[index], end);
  }

  void check(int code, const char* action) const {
    if (code >= 0) return;
    reading_.check();
    refuse_media(path_, kExpected, fmt::format("what FFmpeg cannot {} ({})", action, messages_.reason(code)));
  }

  const FileReading& reading_;
  const std::filesystem::path& path_;
  FfmpegMessages messages_;
  MemoryInput input_;
  int stream_index_ = -1;
  FfmpegPtr<AVCodecContext> context_;
  std::vector<double> last_ends_;  // seconds, per stream
};

// Where every frame is. Without usable times (`timed` false) a frame is found by counting decoded ones.
struct FrameMap {
  VideoInfo info;
  std::vector<PacketTime> packets;
  std::vector<int64_t> times;  // pts of the frames, ascending; only where `timed`
  bool timed = false;
  std::optional<StreamFacts> facts;
  // A packet is a whole picture and says whether others lean on it: H.264 without fields, in a container that does not
  // cut pictures up. (In HEVC pictures may lean on some that say nothing leans on them.)
  bool separate = false;
};

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

int64_t count_by_decoding(const FileReading& reading, const std::string& bytes) {
  VideoReader reader(reading, bytes);
  const auto packet = make_packet();
  const auto frame = make_frame();
  int64_t count = 0;
  for (bool more = true; more;) {
    more = reader.next(*packet);
    reader.send(more ? packet.get() : nullptr);
    while (reader.receive(*frame)) ++count;
  }
  return count;
}

// The file's own rate, as other programs report it; else what the frames' times say.
double frame_rate(const AVStream& stream, const FrameMap& map) {
  constexpr double kFastest = 1000;  // above it is a time base that was taken for a rate
  for (const AVRational rate : {stream.avg_frame_rate, stream.r_frame_rate}) {
    if (rate.num > 0 && rate.den > 0 && av_q2d(rate) <= kFastest) return av_q2d(rate);
  }
  if (map.times.size() < 2) return 0;
  const double seconds = static_cast<double>(map.times.back() - map.times.front()) * av_q2d(stream.time_base);
  return static_cast<double>(map.times.size() - 1) / seconds;
}

FrameMap read_map(const FileReading& reading, const std::string& bytes) {
  FrameMap map;
  VideoInfo& info = map.info;
  VideoReader reader(reading, bytes);
  const auto packet = make_packet();
  while (reader.next(*packet)) {
    map.packets.push_back(
        {packet->pts, (packet->flags & AV_PKT_FLAG_KEY) != 0, (packet->flags & AV_PKT_FLAG_DISCARD) == 0});
  }
  reader.check_end();
  find_times(map);
  const AVStream& stream = reader.stream();
  map.facts = reader.facts();
  map.separate = map.facts && stream.codecpar->codec_id == AV_CODEC_ID_H264 &&
                 stream.codecpar->field_order == AV_FIELD_PROGRESSIVE;
  info.fps = frame_rate(stream, map);
  info.rotation = clockwise_rotation(stream);
  info.width = stream.codecpar->width;
  info.height = stream.codecpar->height;
  if (info.rotation % 180 != 0) std::swap(info.width, info.height);
  info.has_audio = reader.has_audio();
  info.frames = static_cast<int64_t>(map.times.size());
  return map;
}

FrameMap read_whole_map(const FileReading& reading, const std::string& bytes) {
  FrameMap map = read_map(reading, bytes);
  VideoInfo& info = map.info;
  if (!map.timed && !map.packets.empty()) info.frames = count_by_decoding(reading, bytes);  // one reader at a time
  if (info.frames == 0) refuse_media(reading.path(), kExpected, "no frames in it");
  if (info.fps > 0) info.duration = static_cast<double>(info.frames) / info.fps;
  return map;
}

// RGB24 without the gaps between its rows.
Tensor copy_rows(const AVFrame& frame) {
  Tensor picture = torch::empty({frame.height, frame.width, 3}, torch::kUInt8);
  const size_t row = static_cast<size_t>(frame.width) * 3;
  for (int y = 0; y < frame.height; ++y) {
    std::memcpy(picture.data_ptr<uint8_t>() + static_cast<size_t>(y) * row,
                frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0], row);
  }
  return picture;
}

// 4:2:0 and whatever else to RGB. The exact converters: the fast ones leave the last row or column of odd sizes out.
class RgbConverter {
 public:
  explicit RgbConverter(const std::filesystem::path& path) : path_(path) {}
  ~RgbConverter() { sws_freeContext(scaler_); }
  RgbConverter(const RgbConverter&) = delete;
  RgbConverter& operator=(const RgbConverter&) = delete;

  Tensor convert(const AVFrame& source, int rotation) {
    const bool by_planes = goes_by_planes(source.format);
    const AVPixelFormat format = by_planes ? AV_PIX_FMT_GBRP : AV_PIX_FMT_RGB24;
    scaler_ = sws_getCachedContext(scaler_, source.width, source.height, static_cast<AVPixelFormat>(source.format),
                                   source.width, source.height, format,
                                   SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr);
    const auto target = make_frame();
    target->format = format;
    target->width = source.width;
    target->height = source.height;
    if (scaler_ == nullptr || av_frame_get_buffer(target.get(), 0) < 0) {
      refuse_media(path_, "a video of a known pixel format", fmt::format("format {}", source.format));
    }
    use_colours(source);
    sws_scale(scaler_, source.data, source.linesize, 0, source.height, target->data, target->linesize);
    const Tensor picture = by_planes ? interleave(*target, 3) : copy_rows(*target);
    return rotation == 0 ? picture : picture.rot90(-rotation / 90, {0, 1}).contiguous();
  }

 private:
  // The matrix the file declares, else ITU-R 601, which is what files that declare none are read with everywhere.
  // swscale knows by itself that the yuvj formats have the full range.
  void use_colours(const AVFrame& source) {
    int *inverse = nullptr, *table = nullptr;
    int from_full = 0, to_full = 0, brightness = 0, contrast = 0, saturation = 0;
    if (sws_getColorspaceDetails(scaler_, &inverse, &from_full, &table, &to_full, &brightness, &contrast, &saturation) <
        0) {
      return;
    }
    if (source.color_range == AVCOL_RANGE_JPEG) from_full = 1;
    sws_setColorspaceDetails(scaler_, sws_getCoefficients(source.colorspace), from_full, table, 1, brightness, contrast,
                             saturation);
  }

  const std::filesystem::path& path_;
  SwsContext* scaler_ = nullptr;
};

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

  std::vector<Tensor> take() { return std::move(frames_); }

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

  bool receive(VideoReader& reader) {
    while (!finished() && reader.receive(*frame_)) {
      if (map_.timed && frame_->pts > wanted_time()) return false;
      const bool found = map_.timed ? frame_->pts == wanted_time() : decoded_ == wanted();
      ++decoded_;
      if (!found) continue;
      const Tensor picture = converter_.convert(*frame_, map_.info.rotation);
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
  std::vector<Tensor> frames_;
  int64_t decoded_ = 0;
};

std::string read_video(const FileReading& reading) {
  std::string bytes = read_media(reading, kExpected);
  const std::string damage = find_container_damage(bytes);
  if (!damage.empty()) refuse_media(reading.path(), kWhole, damage);
  if (bytes.starts_with("version https://git-lfs")) refuse_media(reading.path(), kExpected, describe_content(bytes));
  return bytes;
}

}  // namespace

struct Video::State {
  State(std::filesystem::path file, FileLimits given) : path(std::move(file)), limits(std::move(given)) {
    const FileReading reading(path, limits);
    bytes = read_video(reading);
    map = read_whole_map(reading, bytes);
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

std::vector<Tensor> Video::frames(const std::vector<int64_t>& indices) const {
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

std::vector<Tensor> decode_frames(const std::filesystem::path& path, const std::vector<int64_t>& indices) {
  return Video(path).frames(indices);
}

bool is_video_name(const std::filesystem::path& path) {
  static const std::set<std::string> extensions = {".avi", ".flv", ".m4v",  ".mkv",  ".mov", ".mp4",
                                                   ".mpg", ".wmv", ".mpeg", ".webm", ".3gp"};
  return extensions.contains(lower_case(path.extension().string()));
}

}  // namespace pdmp
