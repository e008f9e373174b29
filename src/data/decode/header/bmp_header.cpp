// The kinds of headers differ in their length, which they begin with; each longer one has the fields of those before.
#include "data/decode/header/bmp_header.h"

#include <algorithm>
#include <fmt/format.h>

#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr size_t kHeader = 14;   // where it begins, behind the file's
constexpr size_t kMasks = 54;    // where masks are: within longer headers, behind shorter ones
constexpr uint32_t kCore = 12;   // OS/2 1: 16-bit sizes, palette of three bytes a color
constexpr uint32_t kShort = 16;  // OS/2 2: may end after any field from here on
constexpr uint32_t kInfo = 40;   // Windows 3
constexpr uint32_t kAlpha = 56;  // from here on with a mask of alpha
constexpr uint32_t kOs2 = 64;    // OS/2 2, whole: 3 is another compression there
constexpr uint32_t kLongest = 4096;
constexpr uint32_t kBitFields = 3, kAlphaBitFields = 6;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes), length_(number(kHeader, 4)) {}

  BmpHeader read() {
    if (length_ != kCore && (length_ < kShort || length_ > kLongest)) {
      result_.problem = fmt::format("a header of {} bytes", length_);
      return result_;
    }
    read_size();
    read_compression();
    if (result_.problem.empty()) check_bits();
    if (result_.problem.empty()) read_colors();
    return result_;
  }

 private:
  bool is_core() const { return length_ == kCore; }

  uint32_t number(size_t at, size_t width) const {
    return at + width <= bytes_.size() ? little_endian(bytes_, at, width) : 0;
  }

  // Of the header, 0 where it ends before.
  uint32_t field(size_t at, size_t width) const { return at + width <= kHeader + length_ ? number(at, width) : 0; }

  void read_size() {
    if (is_core()) {
      result_.width = field(18, 2);
      result_.height = field(20, 2);
      result_.bits = static_cast<int>(field(24, 2));
      return;
    }
    const auto height = static_cast<int32_t>(field(22, 4));  // below 0: rows from the top
    result_.width = static_cast<int32_t>(field(18, 4));
    result_.height = height < 0 ? -int64_t{height} : height;
    result_.top_down = height < 0;
    result_.bits = static_cast<int>(field(28, 2));
  }

  void read_compression() {
    const uint32_t compression = is_core() ? 0 : field(30, 4);
    const bool fields = compression == kAlphaBitFields || (compression == kBitFields && length_ != kOs2);
    read_masks(fields, compression == kAlphaBitFields);
    result_.compression = fields ? BmpHeader::kNone : compression;
    if (result_.compression > BmpHeader::kRle4) result_.problem = fmt::format("compression {}", compression);
  }

  void read_masks(bool present, bool with_alpha) {
    if (!present || result_.bits <= 8) {
      result_.masks = result_.bits == 16 ? std::array<uint32_t, 4>{0x7C00, 0x3E0, 0x1F, 0}
                                         : std::array<uint32_t, 4>{0xFF0000, 0xFF00, 0xFF, 0};
      return;
    }
    const size_t count = with_alpha || length_ >= kAlpha ? 4 : 3;
    for (size_t i = 0; i < count; ++i) result_.masks[i] = number(kMasks + 4 * i, 4);
    if (length_ == kInfo) behind_ = 4 * count;
    if (result_.masks == std::array<uint32_t, 4>{}) result_.masks = {0xFF0000, 0xFF00, 0xFF, 0xFF000000};
  }

  void check_bits() {
    constexpr std::array kKnown = {1, 2, 4, 8, 16, 24, 32};
    const int bits = result_.bits;
    const bool runs = result_.compression != BmpHeader::kNone;
    const int packed = result_.compression == BmpHeader::kRle8 ? 8 : 4;
    if (std::find(kKnown.begin(), kKnown.end(), bits) == kKnown.end() || (runs && bits != packed)) {
      result_.problem = fmt::format("{} bits a pixel", bits);
    } else if (result_.width < 1 || result_.height < 1) {
      result_.problem = fmt::format("{}x{} pixels", result_.width, result_.height);
    }
  }

  // Some programs say that the pixels begin where the colors or the masks do.
  void read_colors() {
    constexpr uint32_t kMost = 65536;
    const size_t begin = kHeader + length_ + behind_, stated = number(10, 4);
    size_t count = 0;
    if (result_.bits <= 8) {
      count = is_core() ? 0 : field(46, 4);
      if (count == 0) count = size_t{1} << static_cast<unsigned>(result_.bits);
      if (count > kMost) result_.problem = fmt::format("{} colors", count);
    }
    const size_t entry = is_core() ? 3 : 4, end = begin + count * entry;
    result_.pixels = stated <= kHeader + length_ ? end : stated;
    bool gray = true;  // color i is i
    for (size_t i = 0; i < std::min(count, result_.colors.size()); ++i) {
      const auto part = [&](size_t c) { return static_cast<uint8_t>(number(begin + i * entry + c, 1)); };
      result_.colors[i] = {part(2), part(1), part(0)};
      gray = gray && result_.colors[i] == gray_of(i);
    }
    for (size_t i = count; gray && i < result_.colors.size(); ++i) result_.colors[i] = gray_of(i);
  }

  static std::array<uint8_t, 3> gray_of(size_t i) {
    const auto value = static_cast<uint8_t>(i);
    return {value, value, value};
  }

  std::string_view bytes_;
  uint32_t length_;
  size_t behind_ = 0;  // masks between header and colors
  BmpHeader result_{};
};

}  // namespace

BmpHeader read_bmp_header(std::string_view bytes) { return Reader(bytes).read(); }

}  // namespace pdmp::data
