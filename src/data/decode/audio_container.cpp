#include "data/decode/audio_container.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "data/decode/media_file.h"

namespace pdmp {
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

std::string wav_damage(std::string_view bytes) {
  constexpr uint32_t kUnknownLength = 0xFFFFFF00;  // written by programs that stream and cannot go back
  for (size_t at = 12; at + 8 <= bytes.size();) {
    const uint32_t length = little_endian(bytes, at + 4, 4);
    const size_t left = bytes.size() - at - 8;
    if (bytes.substr(at, 4) == "data") {
      return length <= left || length >= kUnknownLength ? "" : fmt::format("{} of {} bytes of samples", left, length);
    }
    at += 8 + size_t{length} + (length & 1u);
  }
  return "a WAV file without samples";
}

}  // namespace

std::string find_container_damage(std::string_view bytes) {
  if (bytes.starts_with("OggS")) return ogg_damage(bytes);
  if (bytes.size() >= 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WAVE") return wav_damage(bytes);
  return "";
}

}  // namespace pdmp
