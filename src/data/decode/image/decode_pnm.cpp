#include "data/decode/image/decode_pnm.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "data/decode/picture_size.h"
#include "data/decode/pixel_rows.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr const char* kExpected = "a whole PBM, PGM or PPM picture";
constexpr int kByte = 255, kWord = 65535;

class PnmDecoder {
 public:
  PnmDecoder(const FileReading& reading, std::string_view bytes) : reading_(reading), bytes_(bytes) {
    const int kind = bytes[1] - '0';
    plain_ = kind <= 3;
    bitmap_ = kind % 3 == 1;
    samples_ = kind % 3 == 0 ? 3 : 1;
    width_ = number();
    height_ = number();
    largest_ = bitmap_ ? 1 : number();
    if (!plain_) ++at_;  // one white space
    check_header();
    for (int value = 0; value <= largest_; ++value) scaled_.push_back(scaled(value));
  }

  Pixels decode(int64_t channels) {
    if (!plain_) check_size();
    Pixels picture(height_, width_, channels);
    std::vector<uint8_t> row(static_cast<size_t>(width_ * samples_));
    const PixelLayout layout = samples_ == 3 ? PixelLayout::rgb : PixelLayout::gray;
    for (int64_t y = 0; y < height_; ++y) {
      constexpr int64_t kRowsBetweenChecks = 64;
      if (y % kRowsBetweenChecks == 0) reading_.check();
      read_row(y, row);
      write_row({row.data(), layout, samples_}, width_, channels, picture.data() + y * width_ * channels);
    }
    return picture;
  }

 private:
  [[noreturn]] void refuse(const std::string& found) const { refuse_media(reading_.path(), kExpected, found); }

  void skip_space() {
    while (at_ < bytes_.size()) {
      if (bytes_[at_] == '#') {
        at_ = std::min(bytes_.find('\n', at_), bytes_.size());
      } else if (std::isspace(static_cast<unsigned char>(bytes_[at_])) != 0) {
        ++at_;
      } else {
        return;
      }
    }
  }

  int number() {
    constexpr int kMost = 1 << 24;
    skip_space();
    const size_t first = at_;
    int value = 0;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9' && value < kMost; ++at_) {
      value = value * 10 + (bytes_[at_] - '0');
    }
    if (at_ == first) refuse(fmt::format("no number at byte {}", first));
    return value;
  }

  void check_header() const {
    if (width_ < 1 || height_ < 1 || largest_ < 1 || largest_ > kWord)
      refuse(fmt::format("{}x{} pixels of samples up to {}", width_, height_, largest_));
    check_picture_size(reading_.path(), kExpected, width_, height_);
  }

  // A bit that is set is black.
  uint8_t scaled(int value) const {
    if (bitmap_) return value == 0 ? kByte : 0;
    const bool words = samples_ == 1 && largest_ > kByte;
    const double share = static_cast<double>(value) / largest_ * (words ? kWord : kByte);
    const auto rounded = static_cast<int>(std::nearbyint(share));
    return static_cast<uint8_t>(words ? rounded >> 8 : rounded);
  }

  int64_t bytes_of_row() const {
    if (bitmap_) return (width_ + 7) / 8;
    return width_ * samples_ * (largest_ > kByte ? 2 : 1);
  }

  void check_size() const {
    const size_t end = at_ + static_cast<size_t>(bytes_of_row() * height_);
    if (end > bytes_.size()) refuse(fmt::format("{} of {} bytes", bytes_.size(), end));
  }

  void read_row(int64_t y, std::vector<uint8_t>& row) {
    const auto* in = reinterpret_cast<const uint8_t*>(bytes_.data()) + at_ + static_cast<size_t>(y * bytes_of_row());
    for (size_t i = 0; i < row.size(); ++i) {
      const int value = plain_ ? next_value() : stored(in, i);
      if (value > largest_) refuse(fmt::format("a sample of {}, above the largest", value));
      row[i] = scaled_[static_cast<size_t>(value)];
    }
  }

  int stored(const uint8_t* in, size_t i) const {
    if (bitmap_) return in[i / 8] >> (7 - i % 8) & 1;
    return largest_ > kByte ? in[2 * i] << 8 | in[2 * i + 1] : in[i];
  }

  // Digits of a bitmap need nothing between them.
  int next_value() {
    if (!bitmap_) return number();
    skip_space();
    if (at_ == bytes_.size() || (bytes_[at_] != '0' && bytes_[at_] != '1'))
      refuse(fmt::format("neither 0 nor 1 at byte {}", at_));
    return bytes_[at_++] - '0';
  }

  const FileReading& reading_;
  std::string_view bytes_;
  size_t at_ = 2;
  bool plain_ = false, bitmap_ = false;
  int64_t width_ = 0, height_ = 0, samples_ = 1;
  int largest_ = 1;
  std::vector<uint8_t> scaled_;  // what becomes of each value
};

}  // namespace

Pixels decode_pnm(const FileReading& reading, std::string_view bytes, int64_t channels) {
  return PnmDecoder(reading, bytes).decode(channels);
}

}  // namespace pdmp::data
