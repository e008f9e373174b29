#include "data/decode/audio.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

extern "C" {
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>
}

#include <fmt/format.h>

#include "data/decode/audio_container.h"
#include "data/decode/ffmpeg.h"
#include "data/decode/limits.h"
#include "data/decode/media_file.h"
#include "data/decode/memory_input.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr const char* kExpected = "a recording";
constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

// Sample formats to float, channels to their mean.
class MonoMixer {
 public:
  ~MonoMixer() { swr_free(&converter_); }

  // Appends the frame's samples; false where the stream changes its form or cannot be converted.
  bool append(const AVFrame& frame, std::vector<float>& samples) {
    if (converter_ == nullptr && !open(frame)) return false;
    if (frame.sample_rate != rate_ || frame.format != format_ || frame.ch_layout.nb_channels != channels_) return false;
    const size_t count = static_cast<size_t>(frame.nb_samples);
    planes_.resize(static_cast<size_t>(channels_) * count);
    pointers_.resize(static_cast<size_t>(channels_));
    for (size_t c = 0; c < pointers_.size(); ++c) pointers_[c] = reinterpret_cast<uint8_t*>(planes_.data() + c * count);
    const int converted = swr_convert(converter_, pointers_.data(), frame.nb_samples,
                                      const_cast<const uint8_t**>(frame.extended_data), frame.nb_samples);
    if (converted != frame.nb_samples) return false;
    const size_t first = samples.size();
    samples.resize(first + count);
    for (size_t i = 0; i < count; ++i) {
      float sum = 0;
      for (size_t c = 0; c < pointers_.size(); ++c) sum += planes_[c * count + i];
      samples[first + i] = sum / static_cast<float>(channels_);
    }
    return true;
  }
  int rate() const { return rate_; }

 private:
  bool open(const AVFrame& frame) {
    rate_ = frame.sample_rate;
    format_ = frame.format;
    channels_ = frame.ch_layout.nb_channels;
    AVChannelLayout layout;
    av_channel_layout_default(&layout, channels_);
    const bool made = rate_ > 0 && channels_ > 0 &&
                      swr_alloc_set_opts2(&converter_, &layout, AV_SAMPLE_FMT_FLTP, rate_, &layout,
                                          static_cast<AVSampleFormat>(format_), rate_, 0, nullptr) >= 0 &&
                      swr_init(converter_) >= 0;
    av_channel_layout_uninit(&layout);
    return made;
  }

  SwrContext* converter_ = nullptr;
  int rate_ = 0, format_ = -1, channels_ = 0;
  std::vector<float> planes_;
  std::vector<uint8_t*> pointers_;
};

int64_t sample_at(std::optional<double> seconds, int64_t rate, int64_t missing) {
  constexpr double kFar = 1e15;  // no recording is as long
  return seconds ? std::llround(std::min(*seconds * static_cast<double>(rate), kFar)) : missing;
}

class AudioDecoder {
 public:
  AudioDecoder(const FileReading& reading, const std::string& bytes, std::optional<double> start,
               std::optional<double> end)
      : reading_(reading), path_(reading.path()), input_(reading, bytes), start_(start), end_(end) {
    input_.open(kExpected, messages_);
    check(find_streams(*input_.format()), "read");
    stream_index_ = av_find_best_stream(input_.format(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (stream_index_ < 0) refuse_media(path_, kExpected, "a file without sound");
    const AVCodecParameters* parameters = stream().codecpar;
    const AVCodec* codec = find_decoder(parameters->codec_id);
    if (codec == nullptr) refuse_codec(path_, kExpected, avcodec_get_name(parameters->codec_id));
    context_ = make_codec_context(codec, avcodec_get_name(parameters->codec_id));
    check(avcodec_parameters_to_context(context_.get(), parameters), "read");
    context_->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    check(avcodec_open2(context_.get(), codec, nullptr), "decode");
  }

  void run() {
    const auto packet = make_packet();
    int code = 0;
    while (!enough() && (code = av_read_frame(input_.format(), packet.get())) >= 0) {
      reading_.check();
      if (packet->stream_index == stream_index_) {
        if (is_cut(*packet)) refuse_media(path_, "a whole recording", "a packet cut short");
        check(avcodec_send_packet(context_.get(), packet.get()), "decode");
        receive();
      }
      av_packet_unref(packet.get());
    }
    if (enough()) return;
    if (code != AVERROR_EOF) check(code, "read");
    check(avcodec_send_packet(context_.get(), nullptr), "decode");
    receive();
    check_length();
  }

  std::vector<float>& samples() { return samples_; }  // from `start` on
  int64_t decoded() const { return decoded_; }
  int64_t rate() const { return mixer_.rate(); }

 private:
  // PCM of unknown length is read in blocks, of which the last is short by right.
  bool is_cut(const AVPacket& packet) const {
    return (packet.flags & AV_PKT_FLAG_CORRUPT) != 0 && av_get_exact_bits_per_sample(context_->codec_id) == 0;
  }

  AVStream& stream() { return *input_.format()->streams[stream_index_]; }

  bool enough() const {
    return end_ && mixer_.rate() > 0 && static_cast<double>(decoded_) >= *end_ * mixer_.rate() + 1;
  }

  void receive() {
    int code = 0;
    while ((code = avcodec_receive_frame(context_.get(), frame_.get())) >= 0) {
      if (frame_->decode_error_flags != 0) refuse_media(path_, "a whole recording", "damaged data");
      check_limits();
      if (!mixer_.append(*frame_, samples_))
        refuse_media(path_, "one sample format and rate throughout", "a change or an unknown one");
      keep(frame_->nb_samples);
    }
    if (code != AVERROR(EAGAIN) && code != AVERROR_EOF) check(code, "decode");
  }

  // Before a frame's samples are kept, so that no vector grows past the limits.
  void check_limits() const {
    if (frame_->sample_rate > kMaxSampleRate) {
      refuse_media(path_, fmt::format("a recording of at most {} Hz", kMaxSampleRate),
                   fmt::format("{} Hz", frame_->sample_rate));
    }
    const int64_t kept = static_cast<int64_t>(samples_.size()) + frame_->nb_samples;
    if (kept > kMaxSamples || kept > kMaxSeconds * std::max(frame_->sample_rate, 1)) {
      refuse_media(path_, fmt::format("at most {} s and {} samples of sound", kMaxSeconds, kMaxSamples),
                   fmt::format("more ({} Hz)", frame_->sample_rate), "say which part to use with 'start' and 'end'");
    }
  }

  // Of the last `count` samples those from `start` on.
  void keep(int64_t count) {
    const int64_t before = std::clamp<int64_t>(sample_at(start_, mixer_.rate(), 0) - decoded_, 0, count);
    samples_.erase(samples_.end() - count, samples_.end() - count + before);
    decoded_ += count;
  }

  // Containers that say how long they are (MP4, FLAC, Matroska ...) tell on a cut file. Guesses from the bit rate do
  // not count.
  void check_length() {
    if (input_.format()->duration_estimation_method != AVFMT_DURATION_FROM_STREAM || stream().duration <= 0) return;
    const double declared = static_cast<double>(stream().duration) * av_q2d(stream().time_base);
    const double found = mixer_.rate() > 0 ? static_cast<double>(decoded_) / mixer_.rate() : 0;
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
  std::optional<double> start_, end_;
  FfmpegPtr<AVCodecContext> context_;
  FfmpegPtr<AVFrame> frame_ = make_frame();
  MonoMixer mixer_;
  std::vector<float> samples_;
  int64_t decoded_ = 0;
  int stream_index_ = -1;
};

}  // namespace

Audio decode_audio(const std::filesystem::path& path, std::optional<double> start, std::optional<double> end,
                   const FileLimits& limits) {
  const FileReading reading(path, limits);
  const std::string bytes = read_media(reading, kExpected);
  const std::string damage = find_container_damage(bytes);
  if (!damage.empty()) refuse_media(path, "a whole recording", damage);
  AudioDecoder decoder(reading, bytes, start, end);
  decoder.run();
  const int64_t found = decoder.decoded();
  if (found == 0) refuse_media(path, kExpected, "no samples");
  const int64_t first = std::clamp<int64_t>(sample_at(start, decoder.rate(), 0), 0, found);
  const int64_t last = std::clamp<int64_t>(sample_at(end, decoder.rate(), kForever), 0, found);
  if (first >= last) {
    refuse_media(path,
                 fmt::format("sound from {} s to {} s", start.value_or(0), end ? fmt::format("{}", *end) : "the end"),
                 fmt::format("{:.2f} s in all", static_cast<double>(found) / static_cast<double>(decoder.rate())),
                 "correct start and end");
  }
  auto* samples =
      new std::vector<float>(std::move(decoder.samples()));  // the tensor's own: no copy of a long recording
  const auto release = [samples](void*) { delete samples; };
  return {torch::from_blob(samples->data(), {last - first}, release, torch::kFloat32), decoder.rate()};
}

}  // namespace pdmp
