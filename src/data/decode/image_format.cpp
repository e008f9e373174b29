#include "data/decode/image_format.h"

#include <fmt/format.h>

#include "data/decode/media_file.h"

namespace pdmp {
namespace {

std::string cut_in(std::string_view part, size_t size) {
  return fmt::format("a file cut in its {} after {} bytes", part, size);
}

std::string png_damage(std::string_view bytes) {
  size_t at = 8;
  while (at + 12 <= bytes.size()) {
    const size_t length = big_endian(bytes, at, 4);
    const std::string_view type = bytes.substr(at + 4, 4);
    if (length > bytes.size() - at - 12) return cut_in(fmt::format("{} chunk", type), bytes.size());
    if (type == "IEND") return "";
    at += 12 + length;
  }
  return cut_in("chunks", bytes.size());
}

// Segments up to the first scan carry their lengths; inside scans 0xFF is followed by 0x00 or a marker, so the first
// FF D9 after them is the end of the image. (Thumbnails have an end of their own, but sit inside a segment.)
std::string jpeg_damage(std::string_view bytes) {
  constexpr uint32_t kStartOfScan = 0xDA, kFill = 0xFF;
  size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (static_cast<uint8_t>(bytes[at]) != 0xFF) return fmt::format("no marker at byte {}", at);
    const uint32_t marker = big_endian(bytes, at + 1, 1);
    if (marker == kFill) {
      ++at;
      continue;
    }
    at += 2 + big_endian(bytes, at + 2, 2);
    if (marker == kStartOfScan) {
      return at <= bytes.size() && bytes.find("\xFF\xD9", at) != std::string_view::npos ? ""
                                                                                        : cut_in("scan", bytes.size());
    }
  }
  return cut_in("header", bytes.size());
}

std::string webp_damage(std::string_view bytes) {
  const size_t declared = size_t{little_endian(bytes, 4, 4)} + 8;
  return declared <= bytes.size() ? "" : fmt::format("{} of {} bytes", bytes.size(), declared);
}

// FFmpeg takes a short uncompressed bitmap for one without row padding and reads shifted rows.
std::string bmp_damage(std::string_view bytes) {
  constexpr uint32_t kUncompressed = 0, kMasked = 3, kInfoHeader = 40;
  if (little_endian(bytes, 14, 4) < kInfoHeader || bytes.size() < 14 + kInfoHeader) return "";
  const uint32_t compression = little_endian(bytes, 30, 4);
  if (compression != kUncompressed && compression != kMasked) return "";
  const uint64_t width = little_endian(bytes, 18, 4), bits = little_endian(bytes, 28, 2);
  const int64_t height = static_cast<int32_t>(little_endian(bytes, 22, 4));  // negative: rows from the top
  const uint64_t rows = static_cast<uint64_t>(height < 0 ? -height : height);
  const uint64_t declared = little_endian(bytes, 10, 4) + (width * bits + 31) / 32 * 4 * rows;
  return declared <= bytes.size() ? "" : fmt::format("{} of {} bytes", bytes.size(), declared);
}

bool is_svg(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos || bytes[first] != '<') return false;
  return bytes.substr(0, 65536).find("<svg") != std::string_view::npos;
}

bool is_netpbm(std::string_view bytes) {
  return bytes.size() > 3 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6') &&
         std::string_view(" \t\r\n#").find(bytes[2]) != std::string_view::npos;
}

}  // namespace

const std::vector<ImageFormat>& image_format_table() {
  static const std::vector<ImageFormat> table = {
      {"PNG", AV_CODEC_ID_PNG, [](std::string_view b) { return b.starts_with("\x89PNG\r\n\x1A\n"); }, png_damage},
      {"JPEG", AV_CODEC_ID_MJPEG, [](std::string_view b) { return b.starts_with("\xFF\xD8\xFF"); }, jpeg_damage},
      {"WebP", AV_CODEC_ID_WEBP,
       [](std::string_view b) { return b.size() > 12 && b.starts_with("RIFF") && b.substr(8, 4) == "WEBP"; },
       webp_damage},
      {"BMP", AV_CODEC_ID_BMP, [](std::string_view b) { return b.size() > 26 && b.starts_with("BM"); }, bmp_damage},
      {"PPM", AV_CODEC_ID_PPM, is_netpbm, nullptr},
      {"SVG", AV_CODEC_ID_SVG, is_svg, nullptr},
  };
  return table;
}

const ImageFormat* find_image_format(std::string_view bytes) {
  for (const ImageFormat& format : image_format_table()) {
    if (format.matches(bytes)) return &format;
  }
  return nullptr;
}

}  // namespace pdmp
