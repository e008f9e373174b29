#include "data/decode/memory_input.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "data/decode/limits.h"

namespace pdmp {
namespace {

// FFmpeg asks each of its three hundred formats, which takes as long as decoding a short recording.
const AVInputFormat* format_of(std::string_view bytes) {
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WAVE")) return av_find_input_format("wav");
  if (bytes.starts_with("OggS")) return av_find_input_format("ogg");
  if (bytes.starts_with("fLaC")) return av_find_input_format("flac");
  return nullptr;  // FFmpeg finds out
}

}  // namespace

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

MemoryInput::MemoryInput(const std::string& bytes) : bytes_(bytes) {
  constexpr int kBuffer = 1 << 15;
  io_ = avio_alloc_context(static_cast<unsigned char*>(av_malloc(kBuffer)), kBuffer, 0, this, read, nullptr, seek);
  format_ = avformat_alloc_context();
  if (io_ == nullptr || format_ == nullptr) throw std::bad_alloc();
  format_->pb = io_;
}

MemoryInput::~MemoryInput() {
  avformat_close_input(&format_);
  av_freep(&io_->buffer);
  avio_context_free(&io_);
}

// Where it fails, FFmpeg frees format_.
int MemoryInput::open() { return avformat_open_input(&format_, nullptr, format_of(bytes_), nullptr); }

int MemoryInput::read(void* self, uint8_t* target, int size) {
  auto* input = static_cast<MemoryInput*>(self);
  const int64_t left = static_cast<int64_t>(input->bytes_.size()) - input->position_;
  const int64_t count = std::min<int64_t>(size, left);
  if (count <= 0) return AVERROR_EOF;
  std::memcpy(target, input->bytes_.data() + input->position_, static_cast<size_t>(count));
  input->position_ += count;
  return static_cast<int>(count);
}

int64_t MemoryInput::seek(void* self, int64_t offset, int whence) {
  auto* input = static_cast<MemoryInput*>(self);
  const int64_t size = static_cast<int64_t>(input->bytes_.size());
  if ((whence & AVSEEK_SIZE) != 0) return size;
  const int64_t base = whence == SEEK_CUR ? input->position_ : whence == SEEK_END ? size : 0;
  if (base + offset < 0 || base + offset > size) return AVERROR(EINVAL);
  return input->position_ = base + offset;
}

}  // namespace pdmp
