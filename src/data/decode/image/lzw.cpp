#include "data/decode/image/lzw.h"

#include <algorithm>
#include <array>

namespace pdmp::data {
namespace {

constexpr int kWidest = 12, kCodes = 1 << kWidest;

// Codes, the lowest bits first.
class CodeReader {
 public:
  explicit CodeReader(std::string_view bytes) : bytes_(bytes) {}

  // Below 0: there are no more.
  int next(int width) {
    while (count_ < width) {
      if (at_ == bytes_.size()) return -1;
      bits_ |= static_cast<uint32_t>(static_cast<uint8_t>(bytes_[at_++])) << static_cast<unsigned>(count_);
      count_ += 8;
    }
    const auto code = static_cast<int>(bits_ & ((1u << static_cast<unsigned>(width)) - 1));
    bits_ >>= static_cast<unsigned>(width);
    count_ -= width;
    return code;
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  uint32_t bits_ = 0;
  int count_ = 0;  // of `bits_`
};

class Decoder {
 public:
  Decoder(std::string_view codes, int bits, size_t count)
      : reader_(codes), bits_(bits), clear_(1 << bits), end_(clear_ + 1), count_(count) {
    result_.reserve(count);
    forget();
  }

  std::vector<uint8_t> decode() {
    while (result_.size() < count_) {
      const int code = reader_.next(width_);
      if (code == clear_) {
        forget();
        continue;
      }
      const bool known = code < next_ && code != end_, repeats = code == next_ && previous_ >= 0;
      if (code < 0 || (!known && !repeats)) break;
      put(code);
      previous_ = code;
    }
    return std::move(result_);
  }

 private:
  void forget() {
    next_ = end_ + 1;
    width_ = bits_ + 1;
    previous_ = -1;
  }

  // The values of a code come from its last to its first. One that is just being made begins as the one before.
  void put(int code) {
    size_t size = 0;
    int at = code;
    if (code == next_) {
      text_[size++] = first_;
      at = previous_;
    }
    for (; at > end_; at = before_[static_cast<size_t>(at)]) text_[size++] = last_[static_cast<size_t>(at)];
    text_[size++] = static_cast<uint8_t>(at);
    first_ = static_cast<uint8_t>(at);
    for (; size > 0 && result_.size() < count_; --size) result_.push_back(text_[size - 1]);
    learn();
  }

  void learn() {
    if (previous_ < 0 || next_ == kCodes) return;
    before_[static_cast<size_t>(next_)] = static_cast<uint16_t>(previous_);
    last_[static_cast<size_t>(next_)] = first_;
    ++next_;
    if (next_ == 1 << width_ && width_ < kWidest) ++width_;
  }

  CodeReader reader_;
  int bits_, clear_, end_;
  size_t count_;
  int next_ = 0, width_ = 0, previous_ = -1;
  uint8_t first_ = 0;                      // value of the code before
  std::array<uint16_t, kCodes> before_{};  // the code that a code continues
  std::array<uint8_t, kCodes> last_{};     // and by which value
  std::array<uint8_t, kCodes + 1> text_{};
  std::vector<uint8_t> result_;
};

}  // namespace

std::vector<uint8_t> decode_lzw(std::string_view codes, int bits, size_t count) {
  return Decoder(codes, bits, count).decode();
}

}  // namespace pdmp::data
