#include "data/decode/audio/rifx.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr size_t kChunkHeader = 8;

void reverse(std::string& bytes, size_t at, size_t width) {
  const auto first = bytes.begin() + static_cast<ptrdiff_t>(at);
  std::reverse(first, first + static_cast<ptrdiff_t>(width));
}

// Reverses numbers of these widths one behind the other, as far as the chunk goes.
void reverse_fields(std::string& bytes, size_t at, size_t end, std::initializer_list<size_t> widths) {
  for (const size_t width : widths) {
    if (at + width > end) return;
    reverse(bytes, at, width);
    at += width;
  }
}

// WAVEFORMATEX, then the valid bits, the speakers and the first three fields of the GUID of WAVEFORMATEXTENSIBLE. Bytes
// of a sample; nothing where the form is not known.
std::optional<size_t> turn_format(std::string& bytes, size_t at, size_t end) {
  constexpr uint32_t kPcm = 1, kFloat = 3, kALaw = 6, kMuLaw = 7, kExtensible = 0xFFFE;
  constexpr size_t kBits = 14, kSubformat = 24, kPlain = 16, kLonger = 40, kBitsOfByte = 8;
  if (at + kPlain > end) return std::nullopt;
  reverse_fields(bytes, at, end, {2, 2, 4, 4, 2, 2, 2, 2, 4, 4, 2, 2});
  uint32_t form = little_endian(bytes, at, 2);
  if (form == kExtensible && at + kLonger <= end) form = little_endian(bytes, at + kSubformat, 2);
  const uint32_t bits = little_endian(bytes, at + kBits, 2);
  const bool known = form == kPcm || form == kFloat || form == kALaw || form == kMuLaw;
  if (!known || bits == 0 || bits > 64) return std::nullopt;
  return (bits + kBitsOfByte - 1) / kBitsOfByte;
}

void turn_samples(std::string& bytes, size_t at, size_t end, size_t width) {
  if (width == 1) return;
  for (; at + width <= end; at += width) reverse(bytes, at, width);
}

}  // namespace

bool is_rifx(std::string_view bytes) {
  return bytes.size() >= 12 && bytes.starts_with("RIFX") && bytes.substr(8, 4) == "WAVE";
}

bool to_riff(std::string& bytes) {
  constexpr size_t kFirstChunk = 12;
  bytes[3] = 'F';
  reverse(bytes, 4, 4);
  std::optional<size_t> width;
  for (size_t at = kFirstChunk; at + kChunkHeader <= bytes.size();) {
    reverse(bytes, at + 4, 4);
    const size_t length = little_endian(bytes, at + 4, 4), begin = at + kChunkHeader;
    const size_t end = std::min(begin + length, bytes.size());
    const std::string_view name = std::string_view(bytes).substr(at, 4);
    if (name == "fmt ") {
      width = turn_format(bytes, begin, end);
      if (!width) return false;
    } else if (name == "data") {
      if (!width) return false;
      turn_samples(bytes, begin, end, *width);
    } else if (name == "fact") {
      reverse_fields(bytes, begin, end, {4});
    }
    at = begin + length + (length & 1u);
  }
  return width.has_value();
}

}  // namespace pdmp::data
