// Opens containers for libavformat so that nothing but their own bytes can be reached.
#include "data/decode/sealed_input.h"

#include <fmt/format.h>
#include <new>
#include <vector>

extern "C" {
#include <libavutil/avstring.h>
#include <libavutil/opt.h>
}

#include "data/decode/ffmpeg.h"
#include "data/files/limits.h"

// As one text, so that the second list is the first and more.
#define PDMP_CONTAINERS                                                                                   \
  "wav,w64,aiff,au,caf,nistsphere,flac,ogg,mp3,aac,ac3,eac3,dts,amr,ape,wv,tta,mpc,mpc8,asf,avi,flv,mov," \
  "matroska,mpeg,mpegts,mpegvideo,m4v"

namespace pdmp::data {
namespace {

int deny_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); }

int is_over(void* reading) { return static_cast<const FileReading*>(reading)->is_over() ? 1 : 0; }

void set_text(AVFormatContext& format, const char* option, const char* value) {
  if (av_opt_set(&format, option, value, 0) < 0) throw std::bad_alloc();
}

}  // namespace

const char* const kContainers = PDMP_CONTAINERS;
const char* const kContainersAndImages = PDMP_CONTAINERS
    ",png_pipe,jpeg_pipe,webp_pipe,gif,tiff_pipe,bmp_pipe,ppm_pipe,pgm_pipe,pgmyuv_pipe,pbm_pipe,pam_pipe";

int find_streams(AVFormatContext& format) {
  // The header of PCM says all there is to know; FFmpeg would still try every format it knows on all of it, for
  // milliseconds, in search of DTS in disguise.
  constexpr int64_t kEnough = 4096;
  const bool one = format.nb_streams == 1;
  if (one && av_get_exact_bits_per_sample(format.streams[0]->codecpar->codec_id) >= 8) format.probesize = kEnough;
  std::vector<AVDictionary*> options(format.nb_streams, nullptr);  // one a stream; what a decoder leaves of it is freed
  for (AVDictionary*& option : options) av_dict_set_int(&option, "max_pixels", kMaxPixels, 0);
  const int code = avformat_find_stream_info(&format, options.data());
  for (AVDictionary*& option : options) av_dict_free(&option);
  return code;
}

SealedInput::SealedInput(const FileReading& reading, ByteSource& source, const char* formats)
    : reading_(reading), source_(source), formats_(formats) {
  constexpr int kBuffer = 1 << 15;
  io_ = avio_alloc_context(static_cast<unsigned char*>(av_malloc(kBuffer)), kBuffer, 0, this, read, nullptr, seek);
  format_ = avformat_alloc_context();
  if (io_ == nullptr || format_ == nullptr) throw std::bad_alloc();
  format_->pb = io_;
  format_->flags |= AVFMT_FLAG_CUSTOM_IO;
  format_->io_open = deny_open;
  format_->interrupt_callback = {is_over, const_cast<FileReading*>(&reading_)};
  // FFmpeg copies the lists to contexts that it opens inside this one (subtitles in AVI). An empty list of protocols
  // denies all of them, even to a format that would open one past io_open.
  set_text(*format_, "format_whitelist", formats_);
  set_text(*format_, "codec_whitelist", decoder_names().c_str());
  set_text(*format_, "protocol_whitelist", "");
}

SealedInput::~SealedInput() {
  avformat_close_input(&format_);
  av_freep(&io_->buffer);
  avio_context_free(&io_);
}

// The format is told as FFmpeg itself would (avformat_open_input without a name), but before anything of it is opened.
int SealedInput::open(const AVInputFormat* known) {
  const AVInputFormat* found = known;
  if (found == nullptr) {
    const int code = av_probe_input_buffer2(io_, &found, nullptr, nullptr, 0, 0);
    if (code < 0) return code;
  }
  if (av_match_list(found->name, formats_, ',') <= 0) {
    foreign_ = fmt::format("'{}' (FFmpeg's format '{}'), which is not among the formats pdmp opens", found->long_name,
                           found->name);
    return AVERROR_DEMUXER_NOT_FOUND;
  }
  return avformat_open_input(&format_, nullptr, found, nullptr);  // frees format_ where it fails
}

int SealedInput::read(void* self, uint8_t* target, int size) {
  auto* input = static_cast<SealedInput*>(self);
  if (input->reading_.is_over()) return AVERROR_EXIT;
  const int count = input->source_.read(input->position_, target, size);
  if (count == 0) return AVERROR_EOF;
  if (count > 0) input->position_ += count;
  return count;
}

int64_t SealedInput::seek(void* self, int64_t offset, int whence) {
  auto* input = static_cast<SealedInput*>(self);
  const int64_t size = input->source_.size();
  if ((whence & AVSEEK_SIZE) != 0) return size;
  const int64_t base = whence == SEEK_CUR ? input->position_ : whence == SEEK_END ? size : 0;
  if (base + offset < 0 || base + offset > size) return AVERROR(EINVAL);
  return input->position_ = base + offset;
}

}  // namespace pdmp::data
