#include "data/decode/image/decode_jpeg.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "data/decode/image/libjpeg_errors.h"
#include "data/decode/picture_size.h"
#include "data/decode/pixel_rows.h"
#include "data/files/limits.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr const char* kExpected = "a whole JPEG picture";

// Freed also where JpegDecoder's constructor fails.
struct Decompressor : jpeg_decompress_struct {
  Decompressor() : jpeg_decompress_struct{} {}
  ~Decompressor() { jpeg_destroy_decompress(this); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
};

class JpegDecoder {
 public:
  JpegDecoder(const FileReading& reading, std::string_view bytes, int64_t channels)
      : reading_(reading), channels_(channels) {
    info_.err = errors_.manager();
    call([&] {
      jpeg_create_decompress(&info_);
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_read_header(&info_, TRUE);
    });
    check_picture_size(reading_.path(), kExpected, width(), height());
    info_.out_color_space = output_colors();
    progress_.reading = &reading_;
    progress_.progress_monitor = limit_scans;
    info_.progress = &progress_;
  }

  int64_t height() const { return info_.image_height; }
  int64_t width() const { return info_.image_width; }

  Pixels decode(const CropBox& part) {
    call([&] { jpeg_start_decompress(&info_); });
    const int64_t left = narrow(part);
    Pixels picture(part.height, part.width, channels_);
    row_.resize(static_cast<size_t>(info_.output_width) * static_cast<size_t>(info_.output_components));
    skip_rows(part.top);
    uint8_t* out = picture.data();
    for (int64_t y = 0; y < part.height; ++y, out += part.width * channels_) {
      if (y % kRowsBetweenChecks == 0) check();
      read_row();
      convert(row_.data() + left * info_.output_components, part.width, out);
    }
    if (part.top + part.height == height()) call([&] { jpeg_finish_decompress(&info_); });
    check_damage();
    return picture;
  }

 private:
  static constexpr int64_t kRowsBetweenChecks = 64;
  struct Progress : jpeg_progress_mgr {
    Progress() : jpeg_progress_mgr{} {}
    const FileReading* reading = nullptr;
  };

  template <typename Calls>
  void call(const Calls& calls) {
    if (errors_.run(calls)) return;
    reading_.check();
    refuse(errors_.message());
  }

  // Rows behind the damage are gray: they need not all be written first.
  void check() const {
    reading_.check();
    if (!reading_.limits().lenient) check_damage();
  }

  void check_damage() const {
    if (errors_.message()[0] != '\0' && !reading_.accepts(errors_.message())) refuse(errors_.message());
  }

  [[noreturn]] void refuse(std::string_view reason) const { refuse_media(reading_.path(), kExpected, reason); }

  J_COLOR_SPACE output_colors() const {
    if (info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK) return JCS_CMYK;
    return info_.jpeg_color_space == JCS_GRAYSCALE && channels_ == 1 ? JCS_GRAYSCALE : JCS_RGB;
  }

  // A progressive picture is gone over once a scan, however few bytes that has.
  static void limit_scans(j_common_ptr common) {
    auto* info = reinterpret_cast<j_decompress_ptr>(common);
    const int64_t pixels = int64_t{info->image_width} * int64_t{info->image_height};
    if (static_cast<const Progress*>(info->progress)->reading->is_over()) LibjpegErrors::fail_with(common, "time");
    if (pixels * info->input_scan_number <= kMaxScannedPixels) return;
    LibjpegErrors::fail_with(common, "more scans over so many pixels than any program writes");
  }

  // Leaves out columns besides the part, but for a block on either side, from which libjpeg interpolates colours.
  // Returns where the part begins in what is left.
  int64_t narrow(const CropBox& part) {
    if (part.width == width()) return 0;
    const int64_t block = int64_t{info_.max_h_samp_factor} * DCTSIZE;
    const int64_t begin = std::max<int64_t>(0, part.left - block);
    auto first = static_cast<JDIMENSION>(begin);
    auto count = static_cast<JDIMENSION>(std::min(width(), part.left + part.width + block) - begin);
    call([&] { jpeg_crop_scanline(&info_, &first, &count); });
    return part.left - first;
  }

  void skip_rows(int64_t top) {
    const int64_t block = int64_t{info_.max_v_samp_factor} * DCTSIZE;
    if (top > block) call([&] { jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(top - block)); });
    while (info_.output_scanline < top) read_row();
  }

  void read_row() {
    JSAMPROW row = row_.data();
    call([&] { jpeg_read_scanlines(&info_, &row, 1); });
  }

  // Without Adobe's marker as well as with it, ink is taken as inverted, as Pillow does.
  void convert(const uint8_t* in, int64_t width, uint8_t* out) {
    if (info_.output_components == channels_) {
      std::memcpy(out, in, static_cast<size_t>(width * channels_));
      return;
    }
    const PixelLayout layout = info_.out_color_space == JCS_CMYK ? PixelLayout::cmyk_inverted : PixelLayout::rgb;
    write_row({in, layout, info_.output_components}, width, channels_, out);
  }

  const FileReading& reading_;
  int64_t channels_;
  LibjpegErrors errors_;
  Decompressor info_;
  Progress progress_;
  std::vector<uint8_t> row_;
};

}  // namespace

Pixels decode_jpeg(const FileReading& reading, std::string_view bytes, int64_t channels, const ChoosePart& part) {
  JpegDecoder decoder(reading, bytes, channels);
  const CropBox whole{0, 0, decoder.height(), decoder.width()};
  return decoder.decode(part ? part(whole.height, whole.width) : whole);
}

}  // namespace pdmp::data
