// Pixels of an image, row by row without gaps: what decoders give and encoders take.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace pdmp::data {

// (height, width, channels) uint8. Copies share the bytes.
class Pixels {
 public:
  Pixels() = default;                                       // of no image
  Pixels(int64_t height, int64_t width, int64_t channels);  // uninitialized
  Pixels(int64_t height, int64_t width, int64_t channels, std::shared_ptr<uint8_t> bytes)
      : height_(height), width_(width), channels_(channels), bytes_(std::move(bytes)) {}

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  int64_t channels() const { return channels_; }
  bool empty() const { return height_ * width_ * channels_ == 0; }

  uint8_t* data() const { return bytes_.get(); }
  uint8_t* row(int64_t y) const { return data() + y * width_ * channels_; }
  const std::shared_ptr<uint8_t>& bytes() const { return bytes_; }

 private:
  int64_t height_ = 0, width_ = 0, channels_ = 0;
  std::shared_ptr<uint8_t> bytes_;
};

}  // namespace pdmp::data
