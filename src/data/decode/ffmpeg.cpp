#include "data/decode/ffmpeg.h"

#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <new>

extern "C" {
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
}

#include <fmt/format.h>

#include "data/decode/limits.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

thread_local FfmpegMessages* collector = nullptr;

void collect(void*, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR || collector == nullptr) return;
  char line[256];
  std::vsnprintf(line, sizeof(line), format, arguments);
  collector->add(line);
}

template <class T>
FfmpegPtr<T> owned(T* object) {
  if (object == nullptr) throw std::bad_alloc();
  return FfmpegPtr<T>(object);
}

}  // namespace

FfmpegMessages::FfmpegMessages() {
  static std::once_flag once;
  std::call_once(once, [] {
    av_log_set_callback(collect);
    av_max_alloc(kMaxAllocation);
  });
  collector = this;
}

FfmpegMessages::~FfmpegMessages() { collector = nullptr; }

void FfmpegMessages::add(const char* line) {
  if (!first_.empty()) return;
  first_ = line;
  while (!first_.empty() && (first_.back() == '\n' || first_.back() == '.')) first_.pop_back();
}

std::string FfmpegMessages::reason(int code) const {
  if (!first_.empty()) return first_;
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

FfmpegPtr<AVFrame> make_frame() { return owned(av_frame_alloc()); }

FfmpegPtr<AVPacket> make_packet() { return owned(av_packet_alloc()); }

FfmpegPtr<AVCodecContext> make_codec_context(const AVCodec* codec, const std::string& name) {
  if (codec == nullptr) {
    throw Error(ErrorKind::data,
                fmt::format("this build of FFmpeg cannot read or write {}; install a full libavcodec", name));
  }
  auto context = owned(avcodec_alloc_context3(codec));
  context->thread_count = 1;
  return context;
}

}  // namespace pdmp
