#include "data/decode/header/image_format.h"

#include <fmt/format.h>

#include "data/decode/header/image_parts.h"
#include "data/decode/header/tiff_directory.h"

namespace pdmp::data {
namespace {

std::string png_damage(std::string_view bytes) {
  return walk_png(bytes, [](const ImagePart&) {}).damage;
}

// Inside scans 0xFF is followed by 0x00 or a marker, so the first FF D9 after their beginning is the end of the image.
// (Thumbnails have an end of their own, but sit inside a segment.)
std::string jpeg_damage(std::string_view bytes) {
  PartsEnd header = walk_jpeg(bytes, [](const ImagePart&) {});
  if (!header.damage.empty()) return header.damage;
  if (bytes.find("\xFF\xD9", header.at) != std::string_view::npos) return "";
  return fmt::format("a file cut in its scan after {} bytes", bytes.size());
}

std::string webp_damage(std::string_view bytes) {
  return walk_webp(bytes, [](const ImagePart&) {}).damage;
}

bool is_svg(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos || bytes[first] != '<') return false;
  return bytes.substr(0, 65536).find("<svg") != std::string_view::npos;
}

bool is_netpbm(std::string_view bytes) {
  return bytes.size() > 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
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
      {"GIF", AV_CODEC_ID_GIF, [](std::string_view b) { return b.starts_with("GIF87a") || b.starts_with("GIF89a"); },
       nullptr},
      {"TIFF", AV_CODEC_ID_TIFF, is_tiff, nullptr},
      {"BMP", AV_CODEC_ID_BMP, [](std::string_view b) { return b.size() > 26 && b.starts_with("BM"); }, nullptr},
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

}  // namespace pdmp::data
