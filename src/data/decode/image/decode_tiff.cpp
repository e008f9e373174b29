// All samples are brought to 8 bits, side by side in one buffer whatever strips, tiles or planes they came in; then
// rows become a picture.
#include "data/decode/image/decode_tiff.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <vector>

#include "data/decode/image/tiff_file.h"
#include "data/decode/picture_size.h"
#include "data/decode/pixel_rows.h"
#include "data/files/limits.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr int64_t kOpaque = -1;

// One sample of few bits, from the left.
uint8_t packed_sample(const uint8_t* in, int64_t index, int bits) {
  const int64_t bit = index * bits;
  return static_cast<uint8_t>(in[bit / 8] >> (8 - bits - bit % 8) & ((1 << bits) - 1));
}

class TiffDecoder {
 public:
  TiffDecoder(const FileReading& reading, std::string_view bytes, int64_t channels)
      : reading_(reading), file_(reading, bytes), tiff_(file_.handle()), channels_(channels) {
    width_ = file_.number(TIFFTAG_IMAGEWIDTH);
    height_ = file_.number(TIFFTAG_IMAGELENGTH);
    bits_ = file_.word(TIFFTAG_BITSPERSAMPLE, 1);
    samples_ = file_.word(TIFFTAG_SAMPLESPERPIXEL, 1);
    photometric_ = file_.word(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);  // as Pillow
    planes_ = file_.word(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE ? samples_ : 1;
    check_size();
  }

  Pixels decode() {
    choose_colors();
    if (photometric_ == PHOTOMETRIC_YCBCR) {
      read_as_rgba();
    } else {
      check_samples();
      canvas_.resize(static_cast<size_t>(width_ * height_ * samples_));
      for (int64_t plane = 0; plane < planes_; ++plane) {
        TIFFIsTiled(tiff_) != 0 ? read_tiles(plane) : read_strips(plane);
      }
      buffer_ = std::vector<uint8_t>();
      finish_samples();
    }
    return make_picture();
  }

 private:
  [[noreturn]] void refuse_kind(const std::string& found) const {
    refuse_media(reading_.path(), "a TIFF picture of gray, RGB, CMYK, YCbCr or palette, 1 to 16 bits a sample", found);
  }

  void check_size() const {
    if (width_ < 1 || height_ < 1) file_.refuse("no pixels");
    check_picture_size(reading_.path(), kExpectedTiff, width_, height_);
  }

  // JPEG in one plane converts its colors itself; libtiff, all other YCbCr.
  void choose_colors() {
    if (photometric_ != PHOTOMETRIC_YCBCR) return;
    if (samples_ == 1) photometric_ = PHOTOMETRIC_MINISBLACK;
    if (samples_ == 1 || planes_ > 1 || file_.word(TIFFTAG_COMPRESSION) != COMPRESSION_JPEG) return;
    TIFFSetField(tiff_, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric_ = PHOTOMETRIC_RGB;
  }

  // What a pixel is made of, without its further samples.
  int64_t colors() const {
    switch (photometric_) {
      case PHOTOMETRIC_MINISWHITE:
      case PHOTOMETRIC_MINISBLACK:
      case PHOTOMETRIC_PALETTE:
        return 1;
      case PHOTOMETRIC_RGB:
        return 3;
      case PHOTOMETRIC_SEPARATED:
        return 4;
      default:
        refuse_kind(fmt::format("photometric interpretation {}", photometric_));
    }
  }

  void check_samples() {
    const uint16_t kind = file_.word(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    const bool whole =
        kind == SAMPLEFORMAT_UINT || kind == SAMPLEFORMAT_VOID || (kind == SAMPLEFORMAT_INT && bits_ == 8);
    const bool known = bits_ == 1 || bits_ == 2 || bits_ == 4 || bits_ == 8 || bits_ == 16;
    if (!whole || !known) refuse_kind(fmt::format("{} bits of sample format {}", bits_, kind));
    if (photometric_ == PHOTOMETRIC_PALETTE && bits_ > 8) refuse_kind(fmt::format("a palette of {} bits", bits_));
    const int64_t all = width_ * height_ * samples_;
    if (samples_ < colors() || all > 4 * kMaxPixels) refuse_kind(fmt::format("{} samples a pixel", samples_));
    find_alpha();
  }

  // Of RGB with a fourth sample that nothing is said of, that is it, as Pillow has it.
  void find_alpha() {
    uint16_t count = 0;
    uint16_t* kinds = nullptr;
    if (samples_ == colors() || photometric_ == PHOTOMETRIC_SEPARATED) return;
    const bool said = TIFFGetField(tiff_, TIFFTAG_EXTRASAMPLES, &count, &kinds) == 1 && count > 0;
    if (!said && photometric_ != PHOTOMETRIC_RGB) return;
    if (said && kinds[0] == EXTRASAMPLE_UNSPECIFIED) return;
    alpha_ = colors();
    premultiplied_ = said && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
  }

  int64_t samples_of_block() const { return planes_ > 1 ? 1 : samples_; }
  int64_t bytes_of_row(int64_t width) const { return (width * samples_of_block() * bits_ + 7) / 8; }

  // Rows of one strip or tile, of which the picture wants the first `width` pixels, at (x, y).
  struct Block {
    int64_t x, y, width, height, row_bytes;
  };

  void put(const Block& block, int64_t plane) {
    const int64_t count = block.width * samples_of_block();
    row_.resize(static_cast<size_t>(count));
    for (int64_t y = 0; y < block.height; ++y) {
      unpack(buffer_.data() + y * block.row_bytes, count, row_.data());
      uint8_t* out = canvas_.data() + ((block.y + y) * width_ + block.x) * samples_;
      if (planes_ == 1) {
        std::memcpy(out, row_.data(), static_cast<size_t>(count));
      } else {
        for (int64_t x = 0; x < count; ++x) out[x * samples_ + plane] = row_[static_cast<size_t>(x)];
      }
    }
  }

  void unpack(const uint8_t* in, int64_t count, uint8_t* out) const {
    constexpr int kWords = 16;
    if (bits_ == 8) {
      std::memcpy(out, in, static_cast<size_t>(count));
    } else if (bits_ == kWords) {
      for (int64_t i = 0; i < count; ++i) {
        uint16_t value = 0;
        std::memcpy(&value, in + 2 * i, sizeof value);
        out[i] = static_cast<uint8_t>(value >> 8u);
      }
    } else {
      const int factor = photometric_ == PHOTOMETRIC_PALETTE ? 1 : 255 / ((1 << bits_) - 1);
      for (int64_t i = 0; i < count; ++i) out[i] = static_cast<uint8_t>(packed_sample(in, i, bits_) * factor);
    }
  }

  void make_buffer(int64_t size, uint64_t libtiffs) {
    if (size < 1 || static_cast<uint64_t>(size) > kMaxAllocation || libtiffs > kMaxAllocation)
      file_.refuse(fmt::format("strips or tiles of {} bytes", std::max(static_cast<uint64_t>(size), libtiffs)));
    buffer_.resize(std::max(static_cast<size_t>(size), static_cast<size_t>(libtiffs)));
  }

  void read_strips(int64_t plane) {
    const int64_t rows = std::min<int64_t>(file_.number(TIFFTAG_ROWSPERSTRIP, UINT32_MAX), height_);
    if (rows < 1) file_.refuse("strips without rows");
    const int64_t row_bytes = bytes_of_row(width_);
    make_buffer(rows * row_bytes, TIFFStripSize64(tiff_));
    for (int64_t y = 0; y < height_; y += rows) {
      reading_.check();
      const int64_t count = std::min(rows, height_ - y);
      const uint32_t strip = TIFFComputeStrip(tiff_, static_cast<uint32_t>(y), static_cast<uint16_t>(plane));
      if (TIFFReadEncodedStrip(tiff_, strip, buffer_.data(), -1) < count * row_bytes)
        file_.refuse(fmt::format("a strip of rows that ends early, at row {}", y));
      put({0, y, width_, count, row_bytes}, plane);
    }
  }

  void read_tiles(int64_t plane) {
    const int64_t width = file_.number(TIFFTAG_TILEWIDTH), height = file_.number(TIFFTAG_TILELENGTH);
    if (width < 1 || height < 1 || width > kMaxPixels || height > kMaxPixels) file_.refuse("tiles without pixels");
    const int64_t row_bytes = bytes_of_row(width);
    make_buffer(height * row_bytes, TIFFTileSize64(tiff_));
    for (int64_t y = 0; y < height_; y += height) {
      for (int64_t x = 0; x < width_; x += width) {
        reading_.check();
        const tmsize_t done = TIFFReadTile(tiff_, buffer_.data(), static_cast<uint32_t>(x), static_cast<uint32_t>(y), 0,
                                           static_cast<uint16_t>(plane));
        if (done < height * row_bytes) file_.refuse(fmt::format("a tile that ends early, at ({}, {})", x, y));
        put({x, y, std::min(width, width_ - x), std::min(height, height_ - y), row_bytes}, plane);
      }
    }
  }

  void read_as_rgba() {
    constexpr int kStopAtErrors = 1;
    samples_ = 4;
    canvas_.resize(static_cast<size_t>(width_ * height_ * samples_));
    TIFFSetField(tiff_, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);  // rows as they are stored
    auto* raster = reinterpret_cast<uint32_t*>(canvas_.data());
    const auto width = static_cast<uint32_t>(width_), height = static_cast<uint32_t>(height_);
    if (TIFFReadRGBAImageOriented(tiff_, width, height, raster, ORIENTATION_TOPLEFT, kStopAtErrors) != 1)
      file_.refuse("damaged data");
    reading_.check();
    photometric_ = PHOTOMETRIC_RGB;
  }

  void finish_samples() {
    if (photometric_ == PHOTOMETRIC_MINISWHITE) {
      for (size_t i = 0; i < canvas_.size(); i += static_cast<size_t>(samples_)) canvas_[i] ^= 255;
    }
    if (premultiplied_) {
      for (size_t i = 0; i < canvas_.size(); i += static_cast<size_t>(samples_)) divide(canvas_.data() + i);
    }
  }

  // Truncated, as Pillow does it.
  void divide(uint8_t* pixel) const {
    const int alpha = pixel[alpha_];
    if (alpha == 0 || alpha == 255) return;
    for (int64_t c = 0; c < alpha_; ++c) pixel[c] = static_cast<uint8_t>(std::min(255, 255 * pixel[c] / alpha));
  }

  PixelLayout layout() const {
    if (photometric_ == PHOTOMETRIC_SEPARATED) return PixelLayout::cmyk;
    if (photometric_ == PHOTOMETRIC_RGB) return alpha_ == kOpaque ? PixelLayout::rgb : PixelLayout::rgba;
    return alpha_ == kOpaque ? PixelLayout::gray : PixelLayout::gray_alpha;
  }

  Pixels make_picture() {
    Pixels picture(height_, width_, channels_);
    if (photometric_ == PHOTOMETRIC_PALETTE) read_palette();
    row_.resize(static_cast<size_t>(width_) * 4);
    for (int64_t y = 0; y < height_; ++y) {
      const uint8_t* in = canvas_.data() + y * width_ * samples_;
      uint8_t* out = picture.data() + y * width_ * channels_;
      write_row(palette_.empty() ? PixelRow{in, layout(), samples_} : look_up(in), width_, channels_, out);
    }
    return picture;
  }

  void read_palette() {
    uint16_t* parts[3] = {};
    if (TIFFGetField(tiff_, TIFFTAG_COLORMAP, &parts[0], &parts[1], &parts[2]) != 1) file_.refuse("no palette");
    const size_t count = size_t{1} << bits_;
    for (size_t i = 0; i < count; ++i) {
      for (const uint16_t* part : parts) palette_.push_back(static_cast<uint8_t>(part[i] >> 8u));
    }
  }

  PixelRow look_up(const uint8_t* in) {
    for (int64_t x = 0; x < width_; ++x, in += samples_) {
      std::memcpy(row_.data() + 4 * x, palette_.data() + 3 * in[0], 3);
      row_[static_cast<size_t>(4 * x + 3)] = alpha_ == kOpaque ? 255 : in[alpha_];
    }
    return {row_.data(), PixelLayout::rgba, 4};
  }

  const FileReading& reading_;
  TiffFile file_;
  TIFF* tiff_;
  int64_t channels_;
  int64_t width_ = 0, height_ = 0, samples_ = 1, planes_ = 1;
  int bits_ = 1;
  uint16_t photometric_ = 0;
  int64_t alpha_ = kOpaque;  // which sample it is
  bool premultiplied_ = false;
  std::vector<uint8_t> canvas_, buffer_, row_;
  std::vector<uint8_t> palette_;  // RGB
};

}  // namespace

Pixels decode_tiff(const FileReading& reading, std::string_view bytes, int64_t channels) {
  return TiffDecoder(reading, bytes, channels).decode();
}

}  // namespace pdmp::data
