#include "data/encode/encode_jpeg.h"

#include <cstdlib>
#include <fmt/format.h>
#include <string_view>

#include "data/decode/image/libjpeg_errors.h"
#include "data/files/media_file.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

class JpegEncoder {
 public:
  ~JpegEncoder() {
    jpeg_destroy_compress(&info_);
    std::free(bytes_);
  }

  // false: `message` says why.
  bool encode(const uint8_t* rows, int64_t height, int64_t width, int quality) {
    info_.err = errors_.manager();
    return errors_.run([&] {
      jpeg_create_compress(&info_);
      jpeg_mem_dest(&info_, &bytes_, &size_);
      info_.image_height = static_cast<JDIMENSION>(height);
      info_.image_width = static_cast<JDIMENSION>(width);
      info_.input_components = 3;
      info_.in_color_space = JCS_RGB;
      jpeg_set_defaults(&info_);
      jpeg_set_quality(&info_, quality, TRUE);
      jpeg_start_compress(&info_, TRUE);
      while (info_.next_scanline < info_.image_height) {
        JSAMPROW row = const_cast<uint8_t*>(rows) + int64_t{info_.next_scanline} * width * 3;
        jpeg_write_scanlines(&info_, &row, 1);
      }
      jpeg_finish_compress(&info_);
    });
  }

  std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_), size_}; }
  const char* message() const { return errors_.message(); }

 private:
  LibjpegErrors errors_;
  jpeg_compress_struct info_{};
  unsigned char* bytes_ = nullptr;  // libjpeg's, grown by malloc
  unsigned long size_ = 0;
};

}  // namespace

void write_jpeg(const std::filesystem::path& path, const Pixels& picture, int quality) {
  if (picture.empty() || picture.channels() != 3) {
    throw Error(ErrorKind::data, fmt::format("a JPEG is written from (height, width, 3) bytes, not from ({}, {}, {})",
                                             picture.height(), picture.width(), picture.channels()));
  }
  if (quality < 1 || quality > 100) {
    throw Error(ErrorKind::usage, fmt::format("the quality of a JPEG is 1 to 100, not {}", quality));
  }
  JpegEncoder encoder;
  if (!encoder.encode(picture.data(), picture.height(), picture.width(), quality)) {
    throw Error(ErrorKind::io, fmt::format("cannot encode '{}': {}", path.string(), encoder.message()));
  }
  write_media(path, encoder.bytes());
}

}  // namespace pdmp::data
