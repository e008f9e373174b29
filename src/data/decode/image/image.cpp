#include "data/decode/image/image.h"

#include <cstring>
#include <fmt/format.h>
#include <string>

#include "data/decode/header/exif_orientation.h"
#include "data/decode/header/image_format.h"
#include "data/decode/image/decode_bmp.h"
#include "data/decode/image/decode_gif.h"
#include "data/decode/image/decode_png.h"
#include "data/decode/image/decode_pnm.h"
#include "data/decode/image/decode_tiff.h"
#include "data/decode/image/decode_webp.h"
#include "data/files/media_file.h"
#include "data/svg/svg.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

constexpr const char* kExpected = "a picture (PNG, JPEG, WebP, GIF, TIFF, BMP, PPM or SVG)";

Pixels decode_whole(const FileReading& reading, const ImageFormat& format, std::string_view bytes, int64_t channels) {
  switch (format.codec) {
    case AV_CODEC_ID_MJPEG:
      return decode_jpeg(reading, bytes, channels);
    case AV_CODEC_ID_PNG:
      return decode_png(reading, bytes, channels);
    case AV_CODEC_ID_WEBP:
      return decode_webp(reading, bytes, channels);
    case AV_CODEC_ID_GIF:
      return decode_gif(reading, bytes, channels);
    case AV_CODEC_ID_TIFF:
      return decode_tiff(reading, bytes, channels);
    case AV_CODEC_ID_BMP:
      return decode_bmp(reading, bytes, channels);
    case AV_CODEC_ID_PPM:
      return decode_pnm(reading, bytes, channels);
    default:
      return decode_svg(reading, bytes, channels, kSmallestDrawing);
  }
}

// Pillow reads a PNG whose pixels are there, whatever is missing behind them.
bool may_lack(const ImageFormat& format, const FileLimits& limits) {
  return format.codec == AV_CODEC_ID_PNG && limits.lenient;
}

Pixels cut(const Pixels& picture, const CropBox& part) {
  Pixels result(part.height, part.width, picture.channels());
  const auto bytes = static_cast<size_t>(part.width * picture.channels());
  for (int64_t y = 0; y < part.height; ++y) {
    std::memcpy(result.row(y), picture.row(part.top + y) + part.left * picture.channels(), bytes);
  }
  return result;
}

}  // namespace

Pixels decode_image(const std::filesystem::path& path, int64_t channels, const ChoosePart& part,
                    const FileLimits& limits) {
  if (channels != 1 && channels != 3) {
    throw Error(ErrorKind::usage, fmt::format("a picture has 1 or 3 channels, {} were asked for", channels));
  }
  const FileReading reading(path, limits);
  const std::string bytes = read_media(reading, kExpected);
  const ImageFormat* format = find_image_format(bytes);
  if (format == nullptr) refuse_media(path, kExpected, describe_content(bytes));
  const std::string damage = format->damage != nullptr ? format->damage(bytes) : "";
  if (!damage.empty() && !may_lack(*format, limits))
    refuse_media(path, fmt::format("a whole {} picture", format->name), damage);
  const int orientation = exif_orientation(bytes);
  // What lies behind damage depends on how much of a file is decoded.
  const bool parts = format->codec == AV_CODEC_ID_MJPEG && orientation == 1 && !limits.lenient;
  if (parts) return decode_jpeg(reading, bytes, channels, part);
  const Pixels stored = decode_whole(reading, *format, bytes, channels);
  const Pixels picture = turn_upright(stored, orientation);
  return part ? cut(picture, part(picture.height(), picture.width())) : picture;
}

}  // namespace pdmp::data
