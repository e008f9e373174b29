#include "data/decode/audio/audio.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
#include <libavformat/avformat.h>
}

#include <fmt/format.h>

#include "data/decode/audio/appended_tags.h"
#include "data/decode/audio/audio_container.h"
#include "data/decode/audio/rifx.h"
#include "data/decode/audio/sound_track.h"
#include "data/decode/ffmpeg.h"
#include "data/decode/file_clock.h"
#include "data/decode/memory_input.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr const char* kExpected = "a recording";
constexpr const char* kWhole = "a whole recording";

class AudioDecoder {
 public:
  AudioDecoder(const FileReading& reading, const std::string& bytes, const SoundRange& range)
      : reading_(reading), path_(reading.path()), input_(reading, bytes), range_(range), track_(reading.path(), range) {
    input_.open(kExpected, messages_);
    check(find_streams(*input_.format()), "read");
    stream_index_ = find_sound(*input_.format());
    if (stream_index_ < 0) refuse_media(path_, kExpected, "a file without sound");
    pictures_index_ = find_pictures(*input_.format());
    if (pictures_index_ >= 0) clock_start_ = clock_start(*input_.format());
    const AVCodecParameters* parameters = stream().codecpar;
    const AVCodec* codec = find_decoder(parameters->codec_id);
    if (codec == nullptr) refuse_codec(path_, kExpected, avcodec_get_name(parameters->codec_id));
    context_ = make_codec_context(codec, avcodec_get_name(parameters->codec_id));
    check(avcodec_parameters_to_context(context_.get(), parameters), "read");
    context_->pkt_timebase = stream().time_base;
    context_->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    check(avcodec_open2(context_.get(), codec, nullptr), "decode");
  }

  void run() {
    const auto packet = make_packet();
    int code = 0;
    while (!enough() && (code = av_read_frame(input_.format(), packet.get())) >= 0) {
      reading_.check();
      if (packet->stream_index == stream_index_) {
        if (is_cut(*packet)) refuse_media(path_, kWhole, "a packet cut short");
        check(avcodec_send_packet(context_.get(), packet.get()), "decode");
        receive();
      }
      if (packet->stream_index == pictures_index_) note_pictures(*packet);
      av_packet_unref(packet.get());
    }
    if (enough()) return;
    if (code != AVERROR_EOF) check(code, "read");
    check(avcodec_send_packet(context_.get(), nullptr), "decode");
    receive();
    check_length();
    drop_padding();
    fall_silent();
  }

  SoundTrack& track() { return track_; }

 private:
  AVStream& stream() { return *input_.format()->streams[stream_index_]; }
  bool is_format(std::string_view name) { return input_.format()->iformat->name == name; }

  // PCM of unknown length is read in blocks, of which the last is short by right.
  bool is_cut(const AVPacket& packet) const {
    return (packet.flags & AV_PKT_FLAG_CORRUPT) != 0 && av_get_exact_bits_per_sample(context_->codec_id) == 0;
  }

  // FLAC says to the sample how long it is; zeros that stand behind it are no sound.
  bool enough() {
    return track_.complete() || (is_format("flac") && stream().duration > 0 && track_.heard() >= stream().duration);
  }

  void receive() {
    int code = 0;
    while (!enough() && (code = avcodec_receive_frame(context_.get(), frame_.get())) >= 0) {
      if (frame_->decode_error_flags != 0) refuse_media(path_, kWhole, "damaged data");
      find_place();
      track_.add(*frame_);
    }
    if (code < 0 && code != AVERROR(EAGAIN) && code != AVERROR_EOF) check(code, "decode");
  }

  // Beside pictures, sound stands where its timestamps say: behind silence where it begins later or pauses. (AVI counts
  // bytes instead of noting times, which only tell where the sound begins.)
  void find_place() {
    constexpr double kPause = 0.1;  // seconds; shorter ones are timestamps that were rounded
    if (!clock_start_ || frame_->pts == AV_NOPTS_VALUE || frame_->sample_rate <= 0) return;
    const bool first = track_.heard() == 0;
    if (!first && is_format("avi")) return;
    const double seconds = seconds_at(stream(), frame_->pts) - *clock_start_;
    const double late = seconds - static_cast<double>(track_.position()) / frame_->sample_rate;
    if (first ? std::abs(late) > av_q2d(stream().time_base) : late > kPause) {
      track_.move_to(place_of(seconds, frame_->sample_rate), frame_->sample_rate);
    }
  }

  void note_pictures(const AVPacket& packet) {
    if (packet.pts == AV_NOPTS_VALUE) return;
    const AVStream& pictures = *input_.format()->streams[pictures_index_];
    const double end = seconds_at(pictures, packet.pts) + seconds_at(pictures, packet.duration);
    pictures_end_ = std::max(pictures_end_, end - clock_start_.value_or(0));
  }

  // Vorbis is coded in blocks; the last page says how many samples are sound. FFmpeg leaves the others where it is the
  // first page too.
  void drop_padding() {
    constexpr int64_t kLargestBlock = 8192;
    if (context_->codec_id != AV_CODEC_ID_VORBIS || !is_format("ogg") || stream().start_time != 0) return;
    const int64_t padding = track_.heard() - stream().duration;
    if (stream().duration > 0 && padding > 0 && padding < kLargestBlock) track_.drop(padding);
  }

  // Where the pictures of a row last longer than the sound. Without an end it ends with the sound, unless it only
  // begins behind it.
  void fall_silent() {
    constexpr double kRest = 0.1;  // seconds; encoders end sound and pictures in blocks
    if (track_.heard() == 0) return;
    const double rate = track_.rate(), ended = static_cast<double>(track_.position()) / rate;
    if (!range_.end && range_.start.value_or(0) < ended) return;
    const double until = std::min(range_.last().value_or(pictures_end_), pictures_end_);
    if (until - ended > kRest) track_.move_to(place_of(until, track_.rate()), track_.rate());
  }

  // Containers that say how long they are (MP4, FLAC, Matroska ...) tell on a cut file. Guesses from the bit rate do
  // not count, nor does Ogg, whose pages tell it to the byte (audio_container.h) and whose positions begin anywhere.
  void check_length() {
    const bool says = input_.format()->duration_estimation_method == AVFMT_DURATION_FROM_STREAM;
    if (!says || stream().duration <= 0 || is_format("ogg")) return;
    const double noted = seconds_at(stream(), stream().duration);
    const double begin = stream().start_time == AV_NOPTS_VALUE ? 0 : seconds_at(stream(), stream().start_time);
    const double declared = begin > 0 && begin < noted ? noted - begin : noted;  // some count from 0 of the timestamps
    const int64_t samples = std::max(track_.heard(), track_.spanned());
    const double found = track_.rate() > 0 ? static_cast<double>(samples) / track_.rate() : 0;
    if (found < 0.9 * declared && declared - found > 0.2) {
      refuse_media(path_, fmt::format("{:.2f} s of sound as the file says", declared), fmt::format("{:.2f} s", found));
    }
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
  const SoundRange range_;
  FfmpegPtr<AVCodecContext> context_;
  FfmpegPtr<AVFrame> frame_ = make_frame();
  SoundTrack track_;
  int stream_index_ = -1, pictures_index_ = -1;
  std::optional<double> clock_start_;  // of a file with pictures
  double pictures_end_ = 0;            // of what has been read, on the clock
};

// The bytes that hold the sound.
std::string read_sound(const FileReading& reading) {
  std::string bytes = read_media(reading, kExpected);
  remove_tags(bytes);
  if (is_rifx(bytes) && !to_riff(bytes)) {
    refuse_media(reading.path(), kExpected, "big-endian WAV (RIFX) of another form than PCM, A-law or mu-law",
                 "convert it to WAV or FLAC, or empty its cell");
  }
  const std::string damage = find_container_damage(bytes);
  if (!damage.empty()) refuse_media(reading.path(), kWhole, damage);
  return bytes;
}

std::string seconds_text(const std::optional<double>& seconds) {
  return seconds ? fmt::format("{} s", *seconds) : "the end";
}

}  // namespace

Audio decode_audio(const std::filesystem::path& path, std::optional<double> start, std::optional<double> end,
                   const FileLimits& limits, std::optional<double> enough) {
  const FileReading reading(path, limits);
  const std::string bytes = read_sound(reading);
  AudioDecoder decoder(reading, bytes, {start, end, enough});
  decoder.run();
  SoundTrack& track = decoder.track();
  if (track.heard() == 0) refuse_media(path, kExpected, "no samples");
  const double all = static_cast<double>(track.position()) / track.rate();
  std::vector<float> samples = track.take();
  if (samples.empty()) {
    refuse_media(path, fmt::format("sound from {} s to {}", start.value_or(0), seconds_text(end)),
                 fmt::format("{:.2f} s in all", all), "correct start and end");
  }
  return {std::move(samples), track.rate()};
}

}  // namespace pdmp::data
