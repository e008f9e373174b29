// Serves the bytes of a file that was read whole, and tells the common formats faster than FFmpeg does.
#include "data/decode/memory_input.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

// FFmpeg asks each of its three hundred formats, which takes as long as decoding a short recording.
const AVInputFormat* format_of(std::string_view bytes) {
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WAVE")) return av_find_input_format("wav");
  if (bytes.starts_with("OggS")) return av_find_input_format("ogg");
  if (bytes.starts_with("fLaC")) return av_find_input_format("flac");
  return nullptr;  // FFmpeg finds out
}

}  // namespace

MemoryInput::MemoryInput(const FileReading& reading, const std::string& bytes)
    : reading_(reading), bytes_(bytes), input_(reading, *this, kContainers) {}

void MemoryInput::open(std::string_view expected, const FfmpegMessages& messages) {
  const int code = input_.open(format_of(bytes_));
  if (!input_.foreign().empty()) {
    const std::string_view known = known_content(bytes_);
    refuse_media(reading_.path(), expected, known.empty() ? input_.foreign() : known,
                 "convert it to WAV, FLAC, Ogg, MP4 or Matroska, or empty its cell");
  }
  if (code < 0) reading_.check();
  if (code < 0)
    refuse_media(reading_.path(), expected, fmt::format("what FFmpeg cannot open ({})", messages.reason(code)));
}

int MemoryInput::read(int64_t offset, uint8_t* target, int count) {
  const int64_t left = size() - offset;
  const int64_t copied = std::clamp<int64_t>(left, 0, count);
  std::memcpy(target, bytes_.data() + offset, static_cast<size_t>(copied));
  return static_cast<int>(copied);
}

}  // namespace pdmp::data
