#include "data/decode/image/decode_png.h"

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string>
#include <zlib.h>

#include "data/decode/header/image_parts.h"
#include "data/decode/image/ffmpeg_image.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr std::string_view kEnd{"\0\0\0\0IEND\xAE\x42\x60\x82", 12};
// Color types; from kGrayWithAlpha on tRNS means nothing.
constexpr uint32_t kGray = 0, kPalette = 3, kGrayWithAlpha = 4;

// Chunks that say something of pixels; FFmpeg refuses a file for damage in any other chunk too.
class PixelChunks {
 public:
  explicit PixelChunks(bool lenient) : lenient_(lenient) {}

  void add(const ImagePart& chunk) {
    constexpr std::array kKept = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"};
    constexpr size_t kColorType = 9;
    if (chunk.type == "IHDR" && chunk.body.size() > kColorType) {
      depth_ = big_endian(chunk.body, kColorType - 1, 1);
      color_ = big_endian(chunk.body, kColorType, 1);
    }
    lacks_palette = chunk.type == "IHDR" ? color_ == kPalette : lacks_palette && chunk.type != "PLTE";
    if (chunk.type == "tRNS" && takes_transparency(chunk.body)) return;
    if (std::find(kKept.begin(), kKept.end(), chunk.type) != kKept.end()) keep(chunk);
  }

  // `rest`: a chunk that is cut. The pixels of the picture may all be there.
  void finish(std::string_view rest) {
    constexpr size_t kBefore = 8;  // length and type
    if (rest.size() > kBefore && rest.substr(4, 4) == "IDAT") {
      const std::string_view typed = rest.substr(4);
      add_number(static_cast<uint32_t>(rest.size() - kBefore));
      image.bytes += typed;
      add_number(checksum_of(typed));
    }
    image.bytes += kEnd;
  }

  FfmpegImage image{AV_CODEC_ID_PNG, "PNG", "\x89PNG\r\n\x1A\n", {}};
  std::string damage;  // repaired, as --media lenient allows
  bool lacks_palette = false;

 private:
  // Pillow looks at the checksum neither of pixels nor of the end.
  void keep(const ImagePart& chunk) {
    image.bytes += chunk.type == "IEND" ? kEnd : chunk.bytes;
    if (chunk.type != "IDAT" || !lenient_) return;
    constexpr size_t kNumber = 4;
    const std::string_view typed = chunk.bytes.substr(kNumber, chunk.bytes.size() - 2 * kNumber);
    const uint32_t right = checksum_of(typed), noted = big_endian(chunk.bytes, chunk.bytes.size() - kNumber, kNumber);
    if (right == noted) return;
    damage = "a wrong checksum of pixels";
    image.bytes.resize(image.bytes.size() - kNumber);
    add_number(right);
  }

  void add_number(uint32_t number) {
    for (const int shift : {24, 16, 8, 0}) image.bytes += static_cast<char>(number >> shift);
  }

  // Of type and body.
  static uint32_t checksum_of(std::string_view typed) {
    return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(typed.data()), typed.size()));
  }

  // FFmpeg knows no transparent color among fewer than 256 grays.
  bool takes_transparency(std::string_view body) {
    if (color_ >= kGrayWithAlpha) return true;
    if (color_ != kGray || depth_ >= 8 || body.size() < 2) return false;
    const uint32_t largest = (1u << depth_) - 1;
    image.transparent_gray = static_cast<uint8_t>((big_endian(body, 0, 2) & largest) * 255 / largest);
    return true;
  }

  bool lenient_;
  uint32_t depth_ = 8, color_ = kGray;
};

struct Inflater {
  Inflater() {
    if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
};

// Whether pixels inflate as far as they go. FFmpeg relies on checksums for that.
bool inflates(const FileReading& reading, std::string_view png) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  std::array<Bytef, 1 << 15> ignored;
  int code = Z_OK;
  walk_png(png, [&](const ImagePart& chunk) {
    if (chunk.type != "IDAT") return;
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(chunk.body.data()));
    stream.avail_in = static_cast<uInt>(chunk.body.size());
    for (stream.avail_out = 0; code == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0);) {
      reading.check();
      stream.next_out = ignored.data();
      stream.avail_out = static_cast<uInt>(ignored.size());
      code = inflate(&stream, Z_NO_FLUSH);
      if (code == Z_BUF_ERROR) code = Z_OK;  // it wants the next chunk
    }
  });
  return code == Z_OK || code == Z_STREAM_END;
}

}  // namespace

Pixels decode_png(const FileReading& reading, std::string_view bytes, int64_t channels) {
  PixelChunks chunks(reading.limits().lenient);
  const PartsEnd end = walk_png(bytes, [&](const ImagePart& chunk) { chunks.add(chunk); });
  if (!end.damage.empty()) chunks.finish(bytes.substr(end.at));
  if (chunks.lacks_palette) refuse_media(reading.path(), "a whole PNG picture", "a picture of a palette without it");
  const std::string damage = end.damage.empty() ? chunks.damage : end.damage;
  const bool shifted = !end.damage.empty() && !chunks.damage.empty();  // too many or too few bytes within a chunk
  if (shifted || (!damage.empty() && !inflates(reading, chunks.image.bytes)))
    refuse_media(reading.path(), "a whole PNG picture", "damaged pixels");
  const Pixels picture = decode_by_ffmpeg(reading, std::move(chunks.image), channels);
  if (!damage.empty()) reading.accepts(damage);  // which counts it
  return picture;
}

}  // namespace pdmp::data
