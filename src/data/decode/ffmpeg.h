// FFmpeg's C objects with owners, and its complaints as text instead of lines on stderr.
#pragma once

#include <memory>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
}

namespace pdmp::data {

struct FfmpegDeleter {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
template <class T>
using FfmpegPtr = std::unique_ptr<T, FfmpegDeleter>;

// Collects what FFmpeg reports as errors on this thread while it lives; one at a time per thread. Making the first one
// replaces FFmpeg's log callback, so that from then on nothing is printed, and limits its allocations (limits.h).
// Single-threaded codecs only, so that it stays on this thread.
class FfmpegMessages {
 public:
  FfmpegMessages();
  ~FfmpegMessages();
  FfmpegMessages(const FfmpegMessages&) = delete;
  FfmpegMessages& operator=(const FfmpegMessages&) = delete;

  const std::string& first() const { return first_; }
  // Why a call returned `code` < 0: the first complaint, else FFmpeg's name of the code.
  std::string reason(int code) const;
  void add(const char* line);
  void clear() { first_.clear(); }

 private:
  std::string first_;
};

// FFmpeg's decoder, where it is one of sound or pictures that FFmpeg wrote itself or takes from a codec library
// (libdav1d
// ...); else null. Left out are those that hand the data to a document renderer (librsvg, which can end the process) or
// to a device.
const AVCodec* find_decoder(AVCodecID id);
const std::string& decoder_names();  // of all these, separated by commas

FfmpegPtr<AVFrame> make_frame();
FfmpegPtr<AVPacket> make_packet();
// A context that is not open yet, on one thread. `codec` null: Error{data} that this FFmpeg lacks `name`.
FfmpegPtr<AVCodecContext> make_codec_context(const AVCodec* codec, const std::string& name);

}  // namespace pdmp::data
