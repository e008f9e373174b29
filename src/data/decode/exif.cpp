#include "data/decode/exif.h"

#include "data/decode/media_file.h"

namespace pdmp {
namespace {

constexpr std::string_view kPrefix{"Exif\0\0", 6};

// Segments before the first scan; the block is in one marked APP1 (0xE1).
std::string_view exif_of_jpeg(std::string_view bytes) {
  constexpr uint32_t kStartOfScan = 0xDA, kApplication1 = 0xE1;
  size_t at = 2;
  while (at + 4 <= bytes.size()) {
    const uint32_t marker = big_endian(bytes, at + 1, 1), length = big_endian(bytes, at + 2, 2);
    if (marker == kStartOfScan || length < 2) break;
    const std::string_view body = bytes.substr(at + 4, length - 2);
    if (marker == kApplication1 && body.starts_with(kPrefix)) return body.substr(kPrefix.size());
    at += 2 + length;
  }
  return {};
}

std::string_view exif_of_png(std::string_view bytes) {
  for (size_t at = 8; at + 12 <= bytes.size(); at += 12 + size_t{big_endian(bytes, at, 4)}) {
    if (bytes.substr(at + 4, 4) == "eXIf") return bytes.substr(at + 8, big_endian(bytes, at, 4));
  }
  return {};
}

std::string_view exif_of_webp(std::string_view bytes) {
  for (size_t at = 12; at + 8 <= bytes.size();) {
    const size_t length = little_endian(bytes, at + 4, 4);
    const std::string_view body = bytes.substr(at + 8, length);
    if (bytes.substr(at, 4) == "EXIF") return body.starts_with(kPrefix) ? body.substr(kPrefix.size()) : body;
    at += 8 + length + length % 2;
  }
  return {};
}

std::string_view exif_of(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8")) return exif_of_jpeg(bytes);
  if (bytes.starts_with("\x89PNG")) return exif_of_png(bytes);
  if (bytes.starts_with("RIFF")) return exif_of_webp(bytes);
  return {};
}

}  // namespace

// The block is a TIFF file: byte order, 42, where its first directory is; that has a count and entries of 12 bytes.
int exif_orientation(std::string_view bytes) {
  constexpr size_t kEntry = 12, kOrientation = 0x0112, kShort = 3;
  const std::string_view tiff = exif_of(bytes);
  const bool little = tiff.starts_with("II");
  if (tiff.size() < 8 || (!little && !tiff.starts_with("MM"))) return 1;
  const auto number = [&](size_t at, size_t width) -> size_t {
    if (at + width > tiff.size()) return 0;
    return little ? little_endian(tiff, at, width) : big_endian(tiff, at, width);
  };
  const size_t directory = number(4, 4), entries = number(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntry;
    if (entry + kEntry > tiff.size()) break;
    if (number(entry, 2) != kOrientation || number(entry + 2, 2) != kShort) continue;
    const auto value = static_cast<int>(number(entry + 8, 2));
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

}  // namespace pdmp
