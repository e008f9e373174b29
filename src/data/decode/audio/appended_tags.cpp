#include "data/decode/audio/appended_tags.h"

#include <cstdint>
#include <string_view>

#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

// ID3v2 writes 28 bits as four bytes of seven.
size_t synchsafe(std::string_view bytes, size_t at) {
  size_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 7 | (static_cast<uint8_t>(bytes[at + i]) & 0x7Fu);
  return value;
}

// Length of an ID3v2 tag at the beginning (id3.org/id3v2.4.0-structure, 3.1); 0: there is none, or not all of it.
size_t id3v2_length(std::string_view bytes) {
  constexpr size_t kHeader = 10;
  constexpr uint8_t kHasFooter = 0x10;
  if (bytes.size() < kHeader || !bytes.starts_with("ID3")) return 0;
  const bool footer = (static_cast<uint8_t>(bytes[5]) & kHasFooter) != 0;
  const size_t length = kHeader + synchsafe(bytes, 6) + (footer ? kHeader : 0);
  return length <= bytes.size() ? length : 0;
}

size_t id3v1_length(std::string_view bytes) {
  constexpr size_t kLength = 128;
  return bytes.size() >= kLength && bytes.substr(bytes.size() - kLength).starts_with("TAG") ? kLength : 0;
}

// The footer counts items and itself; bit 31 of its flags says that a header of 32 bytes stands before them.
size_t apev2_length(std::string_view bytes) {
  constexpr size_t kFooter = 32;
  if (bytes.size() < kFooter || !bytes.substr(bytes.size() - kFooter).starts_with("APETAGEX")) return 0;
  const std::string_view footer = bytes.substr(bytes.size() - kFooter);
  const bool header = (little_endian(footer, 20, 4) >> 31) != 0;
  return size_t{little_endian(footer, 12, 4)} + (header ? kFooter : 0);
}

size_t id3v2_footer_length(std::string_view bytes) {
  constexpr size_t kFooter = 10;
  if (bytes.size() < kFooter || !bytes.substr(bytes.size() - kFooter).starts_with("3DI")) return 0;
  return 2 * kFooter + synchsafe(bytes, bytes.size() - kFooter + 6);
}

// Six digits before the closing word say how long all before them is.
size_t lyrics3_length(std::string_view bytes) {
  constexpr std::string_view kEnd = "LYRICS200";
  constexpr size_t kDigits = 6;
  if (!bytes.ends_with(kEnd) || bytes.size() < kEnd.size() + kDigits) return 0;
  size_t length = 0;
  for (const char digit : bytes.substr(bytes.size() - kEnd.size() - kDigits, kDigits)) {
    if (digit < '0' || digit > '9') return 0;
    length = 10 * length + static_cast<size_t>(digit - '0');
  }
  return length + kEnd.size() + kDigits;
}

bool is_stream(std::string_view bytes) {
  return bytes.starts_with("fLaC") || bytes.starts_with("OggS") || bytes.starts_with("wvpk");
}

// A frame of MPEG audio begins with eleven set bits.
bool is_mpeg_audio(std::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == '\xFF' && (static_cast<uint8_t>(bytes[1]) & 0xE0u) == 0xE0u;
}

// The header of AU says where its samples begin and how many bytes they are, unless the writer could not know; FFmpeg
// reads on to the end of the file.
size_t au_length(std::string_view bytes) {
  constexpr size_t kHeader = 24;
  if (bytes.size() < kHeader || !bytes.starts_with(".snd")) return bytes.size();
  const size_t samples = big_endian(bytes, 8, 4), length = big_endian(bytes, 4, 4) + samples;
  return samples > 0 && length < bytes.size() ? length : bytes.size();
}

}  // namespace

void remove_tags(std::string& bytes) {
  bytes.resize(au_length(bytes));
  const size_t front = id3v2_length(bytes);
  const std::string_view sound = std::string_view(bytes).substr(front);
  const bool stream = is_stream(sound);
  if (!stream && !is_mpeg_audio(sound)) return;
  size_t end = bytes.size();
  for (size_t length = 1; length != 0;) {
    const std::string_view all = std::string_view(bytes).substr(0, end);
    length = 0;
    for (const auto measure : {id3v1_length, apev2_length, id3v2_footer_length, lyrics3_length}) {
      if (length == 0) length = measure(all);
    }
    if (length >= end - front) break;
    end -= length;
  }
  bytes.resize(end);
  if (stream) bytes.erase(0, front);
}

}  // namespace pdmp::data
