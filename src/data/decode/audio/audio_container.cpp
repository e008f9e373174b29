#include "data/decode/audio/audio_container.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <set>

#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

// RFC 3533: a page is a 27-byte header, a table of segment lengths and those segments; bit 2 of byte 5 ends its stream.
std::string ogg_damage(std::string_view bytes) {
  constexpr size_t kHeader = 27;
  std::set<uint32_t> open;
  bool any_ended = false;
  for (size_t at = 0; at < bytes.size();) {
    const std::string_view page = bytes.substr(at);
    if (!page.starts_with("OggS")) {
      if (open.empty() && any_ended) return "";  // tags appended after the end
      return fmt::format("no Ogg page where one should begin, at byte {}", at);
    }
    if (page.size() < kHeader || page.size() < kHeader + big_endian(page, 26, 1))
      return fmt::format("a page cut at byte {}", bytes.size());
    const size_t segments = big_endian(page, 26, 1);
    size_t length = kHeader + segments;
    for (size_t i = 0; i < segments; ++i) length += big_endian(page, kHeader + i, 1);
    if (length > page.size()) return fmt::format("a page cut at byte {}", bytes.size());
    const uint32_t stream = little_endian(page, 14, 4);
    open.insert(stream);
    if ((big_endian(page, 5, 1) & 4u) != 0) {
      open.erase(stream);
      any_ended = true;
    }
    at += length;
  }
  return open.empty() ? "" : fmt::format("an Ogg stream without its last page (cut after {} bytes)", bytes.size());
}

// RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) keep lengths of more than 32 bits in a chunk of their own, the first.
uint64_t long_data_length(std::string_view bytes) {
  constexpr size_t kFirstChunk = 12, kDataLength = 28;
  if (bytes.size() < kDataLength + 8 || bytes.substr(kFirstChunk, 4) != "ds64") return UINT64_MAX;
  return uint64_t{little_endian(bytes, kDataLength + 4, 4)} << 32 | little_endian(bytes, kDataLength, 4);
}

std::string wav_damage(std::string_view bytes) {
  constexpr uint32_t kUnknownLength = 0xFFFFFF00;  // written by programs that stream and cannot go back
  const bool is_long = !bytes.starts_with("RIFF");
  for (size_t at = 12; at + 8 <= bytes.size();) {
    const uint32_t length = little_endian(bytes, at + 4, 4);
    const size_t left = bytes.size() - at - 8;
    if (bytes.substr(at, 4) == "data") {
      const uint64_t declared = is_long && length == UINT32_MAX ? long_data_length(bytes) : length;
      const bool unknown = is_long ? declared == UINT64_MAX : declared >= kUnknownLength;
      return declared <= left || unknown ? "" : fmt::format("{} of {} bytes of samples", left, declared);
    }
    at += 8 + size_t{length} + (length & 1u);
  }
  return "a WAV file without samples";
}

bool is_wav(std::string_view bytes) {
  if (bytes.size() < 12 || bytes.substr(8, 4) != "WAVE") return false;
  return bytes.starts_with("RIFF") || bytes.starts_with("RF64") || bytes.starts_with("BW64");
}

}  // namespace

std::string find_container_damage(std::string_view bytes) {
  if (bytes.starts_with("OggS")) return ogg_damage(bytes);
  if (is_wav(bytes)) return wav_damage(bytes);
  return "";
}

}  // namespace pdmp::data
