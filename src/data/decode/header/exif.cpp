#include "data/decode/header/exif.h"

#include <cctype>
#include <optional>
#include <string>

#include "data/decode/header/image_parts.h"
#include "data/decode/header/png_text.h"
#include "data/decode/header/tiff_directory.h"

namespace pdmp::data {
namespace {

constexpr std::string_view kPrefix{"Exif\0\0", 6};

// What a file says about itself.
struct Notes {
  std::string exif, xmp;  // "": there is none
};

// An EXIF block may be split over several segments.
Notes notes_of_jpeg(std::string_view bytes) {
  constexpr uint32_t kApplication1 = 0xE1;
  constexpr std::string_view kXmp{"http://ns.adobe.com/xap/1.0/\0", 29};
  Notes notes;
  walk_jpeg(bytes, [&](const ImagePart& part) {
    if (part.marker != kApplication1) return;
    if (part.body.starts_with(kPrefix)) notes.exif += part.body.substr(kPrefix.size());
    if (part.body.starts_with(kXmp)) notes.xmp = part.body.substr(kXmp.size());
  });
  return notes;
}

int hexadecimal_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int letter = std::tolower(static_cast<unsigned char>(c));
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// An empty line, the profile's name, its length, and the bytes in hexadecimal digits.
std::string raw_profile(const std::string& text) {
  size_t at = 0;
  for (int line = 0; line < 3 && at != std::string::npos; ++line) {
    at = text.find('\n', at);
    if (at != std::string::npos) ++at;
  }
  std::string profile;
  int high = -1;
  for (; at < text.size(); ++at) {
    const int digit = hexadecimal_digit(text[at]);
    if (digit < 0) continue;
    if (high >= 0) profile += static_cast<char>(high * 16 + digit);
    high = high >= 0 ? -1 : digit;
  }
  return profile;
}

Notes notes_of_png(std::string_view bytes) {
  Notes notes;
  std::string profile;
  walk_png(bytes, [&](const ImagePart& part) {
    if (part.type == "eXIf") notes.exif = part.body;
    const PngText text = read_png_text(part);
    if (text.keyword == "Raw profile type exif") profile = raw_profile(text.text);
    if (text.keyword == "XML:com.adobe.xmp") notes.xmp = text.text;
  });
  if (notes.exif.empty()) notes.exif = std::move(profile);
  return notes;
}

Notes notes_of_webp(std::string_view bytes) {
  Notes notes;
  walk_webp(bytes, [&](const ImagePart& part) {
    if (part.type == "EXIF" && notes.exif.empty()) notes.exif = part.body;
    if (part.type == "XMP " && notes.xmp.empty()) notes.xmp = part.body;
  });
  return notes;
}

// The first tiff:Orientation="6" or <tiff:Orientation>6.
std::optional<double> orientation_of_xmp(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    const size_t behind = rest.starts_with("=\"") ? 2 : rest.starts_with('>') ? 1 : 0;
    if (behind == 0 || rest.size() <= behind || std::isdigit(static_cast<unsigned char>(rest[behind])) == 0) continue;
    return rest[behind] - '0';
  }
  return std::nullopt;
}

int orientation_of(std::string_view exif, std::string_view xmp) {
  constexpr uint32_t kOrientation = 0x0112;
  while (exif.starts_with(kPrefix)) exif.remove_prefix(kPrefix.size());
  const TiffDirectory directory(exif);
  const auto noted = directory.has(kOrientation) ? directory.number(kOrientation) : orientation_of_xmp(xmp);
  for (int orientation = 2; orientation <= 8; ++orientation) {
    if (noted == orientation) return orientation;
  }
  return 1;
}

}  // namespace

int exif_orientation(std::string_view bytes) {
  constexpr uint32_t kXmlPacket = 700;
  if (is_tiff(bytes)) return orientation_of(bytes, TiffDirectory(bytes).value(kXmlPacket));
  Notes notes;
  if (bytes.starts_with("\xFF\xD8")) notes = notes_of_jpeg(bytes);
  if (bytes.starts_with("\x89PNG")) notes = notes_of_png(bytes);
  if (bytes.starts_with("RIFF")) notes = notes_of_webp(bytes);
  return orientation_of(notes.exif, notes.xmp);
}

}  // namespace pdmp::data
