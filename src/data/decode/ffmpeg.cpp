#include "data/decode/ffmpeg.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <new>
#include <string_view>

extern "C" {
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
}

#include <fmt/format.h>

#include "data/files/limits.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

thread_local FfmpegMessages* collector = nullptr;

void collect(void*, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR || collector == nullptr) return;
  char line[256];
  std::vsnprintf(line, sizeof(line), format, arguments);
  collector->add(line);
}

// Libraries that decode sound or video and nothing else.
constexpr std::array<std::string_view, 7> kLibraries = {"libdav1d",  "libaom",   "libvpx", "libopus",
                                                        "libvorbis", "libspeex", "libgsm"};

bool is_plain_decoder(const AVCodec& codec) {
  if (av_codec_is_decoder(&codec) == 0 || codec.id == AV_CODEC_ID_SVG) return false;
  if (codec.type != AVMEDIA_TYPE_AUDIO && codec.type != AVMEDIA_TYPE_VIDEO) return false;
  if (codec.wrapper_name == nullptr) return true;
  return std::find(kLibraries.begin(), kLibraries.end(), codec.wrapper_name) != kLibraries.end();
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

const AVCodec* find_decoder(AVCodecID id) {
  const AVCodec* codec = avcodec_find_decoder(id);
  return codec != nullptr && is_plain_decoder(*codec) ? codec : nullptr;
}

const std::string& decoder_names() {
  static const std::string names = [] {
    std::string all;
    void* position = nullptr;
    while (const AVCodec* codec = av_codec_iterate(&position)) {
      if (is_plain_decoder(*codec)) all += (all.empty() ? "" : ",") + std::string(codec->name);
    }
    return all;
  }();
  return names;
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

}  // namespace pdmp::data
