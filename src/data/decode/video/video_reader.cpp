// Demuxes and decodes one video, and detects truncated and damaged files.
#include "data/decode/video/video_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "data/decode/file_clock.h"
#include "data/files/limits.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

double start_of(const AVFormatContext& format) {
  return format.start_time == AV_NOPTS_VALUE ? 0 : static_cast<double>(format.start_time) / AV_TIME_BASE;
}

// Seconds from the first picture or sound on. What a file says of itself counts from 0 of its timestamps, which may
// begin behind it. What its streams say goes before a longer sum that FFmpeg makes of their starts and lengths: in ASF
// each is as long as the file.
double declared_length(const AVFormatContext& format) {
  const double whole = static_cast<double>(format.duration) / AV_TIME_BASE - std::max(start_of(format), 0.0);
  double longest = 0;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const AVStream& stream = *format.streams[i];
    if (stream.duration > 0) longest = std::max(longest, seconds_at(stream, stream.duration));
  }
  return longest > 0 ? std::min(whole, longest) : whole;
}

}  // namespace

VideoReader::VideoReader(const FileReading& reading, const std::string& bytes, const StreamFacts* known)
    : reading_(reading), path_(reading.path()), input_(reading, bytes) {
  input_.open(kExpectedVideo, messages_);
  messages_.clear();  // headers hold things FFmpeg does not know; what follows are complaints about content
  if (known == nullptr) {
    check(find_streams(format()), "read");
    stream_index_ = find_pictures(format());
    if (stream_index_ < 0) refuse_media(path_, kExpectedVideo, "a file without moving pictures");
  } else {
    stream_index_ = known->index;
  }
  const AVCodecParameters* parameters = known == nullptr ? stream().codecpar : known->parameters.get();
  const AVCodec* codec = find_decoder(parameters->codec_id);
  if (codec == nullptr) refuse_codec(path_, kExpectedVideo, avcodec_get_name(parameters->codec_id));
  context_ = make_codec_context(codec, avcodec_get_name(parameters->codec_id));
  check(avcodec_parameters_to_context(context_.get(), parameters), "read");
  context_->pkt_timebase = stream().time_base;
  context_->max_pixels = kMaxPixels;
  context_->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
  check(avcodec_open2(context_.get(), codec, nullptr), "decode");
  last_ends_.assign(format().nb_streams, 0);
}

std::optional<StreamFacts> VideoReader::facts() {
  if (!std::string_view(format().iformat->name).starts_with("mov,")) return std::nullopt;
  StreamFacts facts{stream_index_, FfmpegPtr<AVCodecParameters>(avcodec_parameters_alloc())};
  if (facts.parameters == nullptr || avcodec_parameters_copy(facts.parameters.get(), stream().codecpar) < 0)
    return std::nullopt;
  return facts;
}

bool VideoReader::next(AVPacket& packet) {
  int code = 0;
  av_packet_unref(&packet);
  while ((code = av_read_frame(input_.format(), &packet)) >= 0) {
    reading_.check();
    note_end(packet);
    if ((packet.flags & AV_PKT_FLAG_CORRUPT) != 0) refuse_media(path_, kExpectedWholeVideo, "a packet cut short");
    if (packet.stream_index == stream_index_) return true;
    av_packet_unref(&packet);
  }
  if (code != AVERROR_EOF) check(code, "read");
  return false;
}

bool VideoReader::receive(AVFrame& frame) {
  const int code = avcodec_receive_frame(context_.get(), &frame);
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return false;
  check(code, "decode");
  if (frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0) {
    refuse_media(path_, kExpectedWholeVideo, messages_.first().empty() ? "damaged data" : messages_.first());
  }
  return true;
}

void VideoReader::check_end() {
  if (!messages_.first().empty()) refuse_media(path_, kExpectedWholeVideo, messages_.first());
  if (format().duration_estimation_method != AVFMT_DURATION_FROM_STREAM || format().duration <= 0) return;
  const double declared = declared_length(format());
  const double found = *std::max_element(last_ends_.begin(), last_ends_.end()) - start_of(format());
  if (found < 0.9 * declared && declared - found > 0.2) {
    refuse_media(path_, fmt::format("a video of {:.2f} s as the file says", declared), fmt::format("{:.2f} s", found));
  }
}

double VideoReader::end_of(int stream) const {
  return stream >= 0 && static_cast<size_t>(stream) < last_ends_.size() ? last_ends_[static_cast<size_t>(stream)] : 0;
}

void VideoReader::note_end(const AVPacket& packet) {
  const int64_t time = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  const auto index = static_cast<size_t>(packet.stream_index);
  if (index >= last_ends_.size()) last_ends_.resize(index + 1, 0);  // some containers announce streams late
  if (time == AV_NOPTS_VALUE) return;
  last_ends_[index] =
      std::max(last_ends_[index], seconds_at(*format().streams[packet.stream_index], time + packet.duration));
}

void VideoReader::check(int code, const char* action) const {
  if (code >= 0) return;
  reading_.check();
  refuse_media(path_, kExpectedVideo, fmt::format("what FFmpeg cannot {} ({})", action, messages_.reason(code)));
}

}  // namespace pdmp::data
