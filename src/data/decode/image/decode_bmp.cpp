#include "data/decode/image/decode_bmp.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <vector>

#include "data/decode/header/bmp_header.h"
#include "data/decode/picture_size.h"
#include "data/decode/pixel_rows.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr const char* kExpected = "a whole BMP picture";

// One component of a pixel, from its bits to 0 ... 255. Truncated, as Pillow does it for 5 and 6 bits.
class Component {
 public:
  explicit Component(uint32_t mask)
      : mask_(mask), shift_(mask == 0 ? 0 : std::countr_zero(mask)), largest_(mask >> shift_) {}

  bool is_there() const { return mask_ != 0; }
  uint8_t of(uint32_t pixel) const {
    if (mask_ == 0) return 0;
    return static_cast<uint8_t>(uint64_t{(pixel & mask_) >> shift_} * 255 / largest_);
  }

 private:
  uint32_t mask_;
  int shift_;
  uint32_t largest_;
};

// Runs of equal colors and literal ones -> an index a pixel. What they leave out is 0.
class RunLengthDecoder {
 public:
  RunLengthDecoder(const BmpHeader& header, std::string_view bytes)
      : header_(header),
        bytes_(bytes),
        half_(header.compression == BmpHeader::kRle4),
        indices_(static_cast<size_t>(header.width * header.height)) {}

  // False where the bytes end before the picture.
  bool decode() {
    while (y_ < header_.height) {
      if (bytes_.size() - at_ < 2) return false;
      const uint8_t count = take(), value = take();
      if (count > 0) {
        for (int i = 0; i < count; ++i) put(half_ ? nibble(value, i) : value);
      } else if (value == kEndOfPicture) {
        return true;
      } else if (!escape(value)) {
        return false;
      }
    }
    return true;
  }

  const std::vector<uint8_t>& indices() const { return indices_; }

 private:
  static constexpr uint8_t kEndOfRow = 0, kEndOfPicture = 1, kMove = 2;

  static uint8_t nibble(uint8_t byte, int i) { return i % 2 == 0 ? byte >> 4 : byte & 15; }
  uint8_t take() { return static_cast<uint8_t>(bytes_[at_++]); }

  bool escape(uint8_t value) {
    if (value == kEndOfRow) {
      x_ = 0;
      ++y_;
      return true;
    }
    if (value != kMove) return put_literal(value);
    if (bytes_.size() - at_ < 2) return false;
    x_ += take();
    y_ += take();
    return true;
  }

  // Padded to whole words.
  bool put_literal(int count) {
    const size_t size = static_cast<size_t>(half_ ? (count + 1) / 2 : count), padded = size + size % 2;
    if (bytes_.size() - at_ < size) return false;
    for (int i = 0; i < count; ++i) {
      const auto byte = static_cast<uint8_t>(bytes_[at_ + static_cast<size_t>(half_ ? i / 2 : i)]);
      put(half_ ? nibble(byte, i) : byte);
    }
    at_ += std::min(padded, bytes_.size() - at_);
    return true;
  }

  void put(uint8_t index) {
    if (x_ < header_.width && y_ < header_.height) indices_[static_cast<size_t>(y_ * header_.width + x_)] = index;
    ++x_;
  }

  const BmpHeader& header_;
  std::string_view bytes_;
  bool half_;
  size_t at_ = 0;
  int64_t x_ = 0, y_ = 0;
  std::vector<uint8_t> indices_;
};

class BmpDecoder {
 public:
  BmpDecoder(const FileReading& reading, std::string_view bytes, int64_t channels)
      : reading_(reading), bytes_(bytes), channels_(channels), header_(read_bmp_header(bytes)) {
    if (!header_.problem.empty()) refuse(header_.problem);
    check_picture_size(reading_.path(), kExpected, header_.width, header_.height);
    for (size_t i = 0; i < 4; ++i) components_.emplace_back(header_.masks[i]);
    row_.resize(static_cast<size_t>(header_.width) * 4);
  }

  Pixels decode() {
    picture_ = Pixels(header_.height, header_.width, channels_);
    if (header_.compression == BmpHeader::kNone) {
      decode_rows();
    } else {
      decode_runs();
    }
    return picture_;
  }

 private:
  [[noreturn]] void refuse(const std::string& found) const { refuse_media(reading_.path(), kExpected, found); }

  // Rows are padded to four bytes; the last one may lack that.
  void decode_rows() {
    const auto width = static_cast<size_t>(header_.width), height = static_cast<size_t>(header_.height);
    const size_t bits = width * static_cast<size_t>(header_.bits), stride = (bits + 31) / 32 * 4;
    const size_t end = header_.pixels + stride * (height - 1) + (bits + 7) / 8;
    if (end > bytes_.size()) refuse(fmt::format("{} of {} bytes", bytes_.size(), end));
    const auto* rows = reinterpret_cast<const uint8_t*>(bytes_.data()) + header_.pixels;
    for (size_t y = 0; y < height; ++y) {
      const uint8_t* in = rows + y * stride;
      header_.bits <= 8 ? read_indices(in) : read_colors(in);
      write(static_cast<int64_t>(y));
    }
  }

  void decode_runs() {
    RunLengthDecoder decoder(header_, bytes_.substr(std::min(header_.pixels, bytes_.size())));
    if (!decoder.decode()) refuse(fmt::format("runs of colors that end after {} bytes", bytes_.size()));
    const uint8_t* indices = decoder.indices().data();
    for (int64_t y = 0; y < header_.height; ++y) {
      for (int64_t x = 0; x < header_.width; ++x) put_index(x, indices[y * header_.width + x]);
      write(y);
    }
  }

  void put_index(int64_t x, uint8_t index) {
    std::memcpy(row_.data() + 4 * x, header_.colors[index].data(), 3);
    row_[static_cast<size_t>(4 * x + 3)] = 255;
  }

  void read_indices(const uint8_t* in) {
    const int bits = header_.bits, mask = (1 << bits) - 1;
    for (int64_t x = 0; x < header_.width; ++x) {
      const int64_t bit = x * bits;
      put_index(x, static_cast<uint8_t>(in[bit / 8] >> (8 - bits - bit % 8) & mask));
    }
  }

  void read_colors(const uint8_t* in) {
    const int width = header_.bits / 8;
    uint8_t* out = row_.data();
    for (int64_t x = 0; x < header_.width; ++x, in += width, out += 4) {
      uint32_t pixel = 0;
      for (int i = width; i-- > 0;) pixel = pixel << 8u | in[i];
      for (size_t c = 0; c < 4; ++c) out[c] = components_[c].of(pixel);
      if (!components_[3].is_there()) out[3] = 255;
    }
  }

  // The row that is stored as number `y`.
  void write(int64_t y) {
    constexpr int64_t kRowsBetweenChecks = 64;
    if (y % kRowsBetweenChecks == 0) reading_.check();
    const int64_t place = header_.top_down ? y : header_.height - 1 - y;
    uint8_t* out = picture_.data() + place * header_.width * channels_;
    write_row({row_.data(), PixelLayout::rgba, 4}, header_.width, channels_, out);
  }

  const FileReading& reading_;
  std::string_view bytes_;
  int64_t channels_;
  BmpHeader header_;
  std::vector<Component> components_;
  std::vector<uint8_t> row_;  // RGBA
  Pixels picture_;
};

}  // namespace

Pixels decode_bmp(const FileReading& reading, std::string_view bytes, int64_t channels) {
  return BmpDecoder(reading, bytes, channels).decode();
}

}  // namespace pdmp::data
