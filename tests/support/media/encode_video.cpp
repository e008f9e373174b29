#include "support/media/encode_video.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <string>

extern "C" {
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include "data/decode/ffmpeg.h"
#include "data/files/media_file.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

struct Container {
  const char *ending, *muxer;
  AVCodecID video, audio;
  bool turns;  // says which way is up
};
// The first that fits; H.264 becomes MPEG-4 where this FFmpeg cannot write it.
constexpr Container kContainers[] = {
    {".mjpeg.avi", "avi", AV_CODEC_ID_MJPEG, AV_CODEC_ID_PCM_S16LE, false},
    {".avi", "avi", AV_CODEC_ID_MPEG4, AV_CODEC_ID_PCM_S16LE, false},
    {".flv", "flv", AV_CODEC_ID_FLV1, AV_CODEC_ID_PCM_S16LE, false},
    {".mkv", "matroska", AV_CODEC_ID_H264, AV_CODEC_ID_AAC, false},
    {".mov", "mov", AV_CODEC_ID_H264, AV_CODEC_ID_AAC, true},
    {".mp4", "mp4", AV_CODEC_ID_H264, AV_CODEC_ID_AAC, true},
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& message) {
  throw Error(ErrorKind::usage, fmt::format("'{}': {}", path.string(), message));
}

const Container& find_container(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  for (const Container& container : kContainers) {
    if (name.ends_with(container.ending)) return container;
  }
  refuse(path, "expected a video's name ending in .mp4, .mov, .mkv, .avi or .flv");
}

void check_request(const std::filesystem::path& path, const Container& container, const Tensor& frames,
                   const VideoEncoding& encoding) {
  if (frames.dim() != 4 || frames.scalar_type() != torch::kUInt8 || frames.size(3) != 3 || frames.numel() == 0) {
    refuse(path, "expected frames (T, H, W, 3) of bytes, at least one");
  }
  if (!(encoding.fps > 0 && encoding.fps <= 1000)) refuse(path, "expected fps above 0 and at most 1000");
  if (encoding.rotation % 90 != 0) refuse(path, "expected a rotation by a multiple of 90 degrees");
  if (encoding.rotation != 0 && !container.turns) refuse(path, "rotation can be written to .mp4 and .mov alone");
  const Tensor& audio = encoding.audio;
  if (!audio.defined()) return;
  const bool channels = audio.dim() == 1 || (audio.dim() == 2 && audio.size(0) == 2);
  const bool slow = encoding.audio_rate == 11025 || encoding.audio_rate == 22050;
  if (container.video == AV_CODEC_ID_FLV1 && !slow && encoding.audio_rate != 44100) {
    refuse(path, "FLV holds sound at 44100, 22050 or 11025 Hz alone");
  }
  if (!channels || audio.numel() == 0 || encoding.audio_rate <= 0) {
    refuse(path, "expected sound (n) or (2, n) and its rate");
  }
}

const AVCodec* find_video_encoder(AVCodecID id) {
  const AVCodec* codec = id == AV_CODEC_ID_H264 ? avcodec_find_encoder_by_name("libx264") : avcodec_find_encoder(id);
  return codec != nullptr ? codec : avcodec_find_encoder(AV_CODEC_ID_MPEG4);
}

class VideoWriter {
 public:
  VideoWriter(const std::filesystem::path& path, const Container& container, const Tensor& frames,
              const VideoEncoding& encoding)
      : path_(path), container_(container), encoding_(encoding), frames_(frames.contiguous()) {}
  ~VideoWriter() {
    if (format_ != nullptr && format_->pb != nullptr) avio_closep(&format_->pb);
    avformat_free_context(format_);
    sws_freeContext(scaler_);
  }
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  void run() {
    check(avformat_alloc_output_context2(&format_, nullptr, container_.muxer, nullptr));
    open_video();
    if (encoding_.audio.defined()) open_audio();
    check(avio_open(&format_->pb, ("file:" + path_.string()).c_str(), AVIO_FLAG_WRITE));
    check(avformat_write_header(format_, nullptr));
    write_streams();
    check(av_write_trailer(format_));
    check(avio_closep(&format_->pb));
  }

 private:
  struct Track {
    data::FfmpegPtr<AVCodecContext> context;
    AVStream* stream = nullptr;
  };

  void check(int code) const {
    if (code >= 0) return;
    throw Error(ErrorKind::io, fmt::format("cannot write '{}': {}", path_.string(), messages_.reason(code)));
  }

  void open_track(Track& track, const AVCodec* codec) {
    if ((format_->oformat->flags & AVFMT_GLOBALHEADER) != 0) track.context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    check(avcodec_open2(track.context.get(), codec, nullptr));
    track.stream = avformat_new_stream(format_, nullptr);
    if (track.stream == nullptr) throw std::bad_alloc();
    track.stream->time_base = track.context->time_base;
    check(avcodec_parameters_from_context(track.stream->codecpar, track.context.get()));
  }

  void open_video() {
    const AVCodec* codec = find_video_encoder(container_.video);
    video_.context = data::make_codec_context(codec, "MPEG-4 video");
    AVCodecContext& context = *video_.context;
    context.height = static_cast<int>(frames_.size(1));
    context.width = static_cast<int>(frames_.size(2));
    const bool odd = context.width % 2 != 0 || context.height % 2 != 0;
    context.pix_fmt = codec->id == AV_CODEC_ID_MJPEG         ? AV_PIX_FMT_YUVJ420P
                      : codec->id == AV_CODEC_ID_H264 && odd ? AV_PIX_FMT_YUV444P
                                                             : AV_PIX_FMT_YUV420P;
    constexpr int kFinest = 1001000;  // holds 30000/1001 exactly
    context.framerate = av_d2q(encoding_.fps, kFinest);
    context.time_base = av_inv_q(context.framerate);
    context.gop_size = encoding_.keyframe_interval;
    const std::string ending = container_.ending;
    const bool reorders = codec->id == AV_CODEC_ID_H264 || (codec->id == AV_CODEC_ID_MPEG4 && ending != ".avi");
    context.max_b_frames = reorders ? encoding_.b_frames : 0;
    if (codec->id == AV_CODEC_ID_H264) {
      av_opt_set(context.priv_data, "preset", "veryfast", 0);
      av_opt_set(context.priv_data, "crf", "12", 0);
    } else {
      context.flags |= AV_CODEC_FLAG_QSCALE;
      context.global_quality = 2 * FF_QP2LAMBDA;
      context.strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
    }
    open_track(video_, codec);
    video_.stream->avg_frame_rate = context.framerate;
    if (encoding_.rotation != 0) turn();
  }

  void turn() {
    constexpr size_t kBytes = 9 * sizeof(int32_t);
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    AVCodecParameters* parameters = video_.stream->codecpar;
    AVPacketSideData* added = av_packet_side_data_new(&parameters->coded_side_data, &parameters->nb_coded_side_data,
                                                      AV_PKT_DATA_DISPLAYMATRIX, kBytes, 0);
    uint8_t* data = added != nullptr ? added->data : nullptr;
#else
    uint8_t* data = av_stream_new_side_data(video_.stream, AV_PKT_DATA_DISPLAYMATRIX, kBytes);
#endif
    if (data == nullptr) throw std::bad_alloc();
    av_display_rotation_set(reinterpret_cast<int32_t*>(data), encoding_.rotation);
  }

  void open_audio() {
    const AVCodec* codec = avcodec_find_encoder(container_.audio);
    audio_.context = data::make_codec_context(codec, "AAC or PCM sound");
    AVCodecContext& context = *audio_.context;
    samples_ = encoding_.audio.to(torch::kFloat32).contiguous();
    if (samples_.dim() == 1) samples_ = samples_.unsqueeze(0);
    context.sample_rate = static_cast<int>(encoding_.audio_rate);
    context.sample_fmt = codec->id == AV_CODEC_ID_AAC ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_S16;
    context.time_base = {1, context.sample_rate};
    av_channel_layout_default(&context.ch_layout, static_cast<int>(samples_.size(0)));
    constexpr int64_t kBitRate = 128000;
    context.bit_rate = kBitRate;
    open_track(audio_, codec);
  }

  // Both streams side by side, as players need them.
  void write_streams() {
    int64_t frame = 0, sample = 0;
    const int64_t frame_count = frames_.size(0), sample_count = samples_.defined() ? samples_.size(1) : 0;
    while (frame < frame_count || sample < sample_count) {
      const double video_time = static_cast<double>(frame) / encoding_.fps;
      const double audio_time = static_cast<double>(sample) / static_cast<double>(encoding_.audio_rate);
      if (frame < frame_count && (sample >= sample_count || video_time <= audio_time)) {
        encode(video_, make_picture(frame++).get());
      } else {
        constexpr int kBlock = 1024;
        const int block = audio_.context->frame_size > 0 ? audio_.context->frame_size : kBlock;
        const int count = static_cast<int>(std::min<int64_t>(block, sample_count - sample));
        encode(audio_, make_sound(sample, count).get());
        sample += count;
      }
    }
    encode(video_, nullptr);
    if (audio_.stream != nullptr) encode(audio_, nullptr);
  }

  data::FfmpegPtr<AVFrame> make_picture(int64_t index) {
    auto frame = data::make_frame();
    frame->format = video_.context->pix_fmt;
    frame->width = video_.context->width;
    frame->height = video_.context->height;
    frame->pts = index;
    frame->quality = video_.context->global_quality;
    check(av_frame_get_buffer(frame.get(), 0));
    scaler_ = sws_getCachedContext(scaler_, frame->width, frame->height, AV_PIX_FMT_RGB24, frame->width, frame->height,
                                   video_.context->pix_fmt, SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP,
                                   nullptr, nullptr, nullptr);
    if (scaler_ == nullptr) throw std::bad_alloc();
    const int row = frame->width * 3;
    const uint8_t* pixels = frames_.data_ptr<uint8_t>() + index * frame->height * row;
    sws_scale(scaler_, &pixels, &row, 0, frame->height, frame->data, frame->linesize);
    return frame;
  }

  data::FfmpegPtr<AVFrame> make_sound(int64_t first, int count) {
    auto frame = data::make_frame();
    frame->format = audio_.context->sample_fmt;
    frame->nb_samples = count;
    frame->sample_rate = audio_.context->sample_rate;
    frame->pts = first;
    check(av_channel_layout_copy(&frame->ch_layout, &audio_.context->ch_layout));
    check(av_frame_get_buffer(frame.get(), 0));
    const int64_t channels = samples_.size(0), all = samples_.size(1);
    for (int64_t c = 0; c < channels; ++c) {
      const float* in = samples_.data_ptr<float>() + c * all + first;
      if (frame->format == AV_SAMPLE_FMT_FLTP) {
        std::copy_n(in, count, reinterpret_cast<float*>(frame->extended_data[c]));
        continue;
      }
      auto* out = reinterpret_cast<int16_t*>(frame->data[0]) + c;
      for (int64_t i = 0; i < count; ++i) {
        out[i * channels] = static_cast<int16_t>(std::clamp<int64_t>(std::llround(in[i] * 32768.0F), -32768, 32767));
      }
    }
    return frame;
  }

  void encode(Track& track, const AVFrame* frame) {
    check(avcodec_send_frame(track.context.get(), frame));
    const auto packet = data::make_packet();
    int code = 0;
    while ((code = avcodec_receive_packet(track.context.get(), packet.get())) >= 0) {
      if (packet->duration == 0 && &track == &video_) packet->duration = 1;
      packet->stream_index = track.stream->index;
      av_packet_rescale_ts(packet.get(), track.context->time_base, track.stream->time_base);
      check(av_interleaved_write_frame(format_, packet.get()));
    }
    if (code != AVERROR(EAGAIN) && code != AVERROR_EOF) check(code);
  }

  const std::filesystem::path& path_;
  const Container& container_;
  const VideoEncoding& encoding_;
  const Tensor frames_;
  Tensor samples_;  // (channels, n)
  data::FfmpegMessages messages_;
  AVFormatContext* format_ = nullptr;
  SwsContext* scaler_ = nullptr;
  Track video_, audio_;
};

}  // namespace

void write_video(const std::filesystem::path& path, const Tensor& frames, const VideoEncoding& encoding) {
  const Container& container = find_container(path);
  check_request(path, container, frames, encoding);
  VideoWriter(path, container, frames, encoding).run();
}

}  // namespace pdmp
