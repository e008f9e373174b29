#include "data/decode/header/image_parts.h"

#include <algorithm>
#include <fmt/format.h>

#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

PartsEnd cut_in(std::string_view part, std::string_view bytes, size_t at) {
  return {fmt::format("a file cut in its {} after {} bytes", part, bytes.size()), at};
}

// Where the next marker's code is, behind any 0xFF that fill; 0xFF 0x00 is no marker.
size_t find_marker(std::string_view bytes, size_t at) {
  while (true) {
    at = bytes.find('\xFF', at);
    at = at == std::string_view::npos ? at : bytes.find_first_not_of('\xFF', at);
    if (at == std::string_view::npos || bytes[at] != '\0') return at;
  }
}

// RST0 to RST7, SOI and TEM stand alone.
bool has_length(uint32_t marker) { return marker != 0x01 && (marker < 0xD0 || marker > 0xD8); }

}  // namespace

PartsEnd walk_jpeg(std::string_view bytes, const VisitPart& visit) {
  constexpr uint32_t kStartOfScan = 0xDA, kEndOfImage = 0xD9;
  size_t end = 2;
  while (true) {
    size_t at = find_marker(bytes, end);
    if (at == std::string_view::npos || at + 3 > bytes.size()) return cut_in("header", bytes, end);
    const uint32_t marker = big_endian(bytes, at++, 1);
    if (marker == kEndOfImage) return {"an image without a scan", at};
    const size_t length = has_length(marker) ? big_endian(bytes, at, 2) : 0;
    if (length == 1 || length > bytes.size() - at) return cut_in("header", bytes, end);
    if (length > 1) visit({"", marker, bytes.substr(at + 2, length - 2), bytes.substr(at - 2, length + 2)});
    end = at + length;
    if (marker == kStartOfScan) return {"", end};
  }
}

PartsEnd walk_png(std::string_view bytes, const VisitPart& visit) {
  constexpr size_t kSignature = 8, kAround = 12;  // length, type, checksum
  size_t at = kSignature;
  while (at + kAround <= bytes.size()) {
    const size_t length = big_endian(bytes, at, 4);
    const std::string_view type = bytes.substr(at + 4, 4);
    if (length > bytes.size() - at - kAround) return cut_in(fmt::format("{} chunk", type), bytes, at);
    visit({type, 0, bytes.substr(at + 8, length), bytes.substr(at, length + kAround)});
    at += kAround + length;
    if (type == "IEND") return {"", at};
  }
  return cut_in("chunks", bytes, at);
}

PartsEnd walk_webp(std::string_view bytes, const VisitPart& visit) {
  constexpr size_t kHeader = 12, kAround = 8;  // type, length
  if (bytes.size() < kHeader) return cut_in("header", bytes, 0);
  const size_t declared = size_t{little_endian(bytes, 4, 4)} + 8, end = std::min(declared, bytes.size());
  size_t at = kHeader;
  while (at + kAround <= end) {
    const size_t length = little_endian(bytes, at + 4, 4);
    if (length > end - at - kAround) break;
    visit({bytes.substr(at, 4), 0, bytes.substr(at + kAround, length), bytes.substr(at, length + kAround)});
    at += kAround + length + length % 2;
  }
  if (declared > bytes.size()) return {fmt::format("{} of {} bytes", bytes.size(), declared), end};
  return {"", end};
}

}  // namespace pdmp::data
