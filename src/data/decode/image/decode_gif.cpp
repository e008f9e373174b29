#include "data/decode/image/decode_gif.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "data/decode/image/lzw.h"
#include "data/decode/picture_size.h"
#include "data/decode/pixel_rows.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr const char* kExpected = "a whole GIF picture";

using Palette = std::array<std::array<uint8_t, 4>, 256>;  // RGBA

struct Frame {
  int64_t left = 0, top = 0, width = 0, height = 0;
  bool interlaced = false;
  int bits = 0;       // of a value before compression
  std::string codes;  // compressed
};

// What stands where in the file, up to the end of the first frame.
class GifReader {
 public:
  GifReader(const FileReading& reading, std::string_view bytes) : reading_(reading), bytes_(bytes) {
    for (size_t i = 0; i < palette.size(); ++i) palette[i].fill(static_cast<uint8_t>(i));
    at_ = 6;
    width = number(2);
    height = number(2);
    const uint32_t flags = number(1);
    number(2);  // background, ratio of the sides of a pixel
    read_palette(flags);
    read_blocks();
    finish();
  }

  int64_t width = 0, height = 0;  // of the canvas
  Palette palette{};
  Frame frame;
  uint8_t outside = 0;  // color of what the frame does not cover

 private:
  uint32_t number(size_t count) {
    if (bytes_.size() - at_ < count) refuse("a file cut before its first frame");
    at_ += count;
    return little_endian(bytes_, at_ - count, count);
  }

  [[noreturn]] void refuse(const std::string& found) const { refuse_media(reading_.path(), kExpected, found); }

  void read_palette(uint32_t flags) {
    constexpr uint32_t kPresent = 0x80;
    if ((flags & kPresent) == 0) return;
    const size_t count = size_t{2} << (flags & 7u);
    for (size_t i = 0; i < palette.size(); ++i) {
      std::array<uint8_t, 3> rgb{};
      for (size_t c = 0; c < 3 && i < count; ++c) rgb[c] = static_cast<uint8_t>(number(1));
      palette[i] = {rgb[0], rgb[1], rgb[2], 255};
    }
  }

  // Blocks begin with their kind; any other byte is passed over.
  void read_blocks() {
    constexpr uint32_t kExtension = '!', kImage = ',', kEnd = ';';
    while (true) {
      const uint32_t kind = number(1);
      if (kind == kImage) return read_image();
      if (kind == kEnd) refuse("no frame");
      if (kind == kExtension) read_extension();
    }
  }

  void read_extension() {
    constexpr uint32_t kGraphicControl = 0xF9;
    const uint32_t label = number(1);
    const std::string content = sub_blocks();
    if (label != kGraphicControl || content.size() < 4) return;
    if ((static_cast<uint8_t>(content[0]) & 1u) != 0) transparent_ = static_cast<uint8_t>(content[3]);
  }

  void read_image() {
    constexpr uint32_t kInterlaced = 0x40;
    for (int64_t* value : {&frame.left, &frame.top, &frame.width, &frame.height}) *value = number(2);
    const uint32_t flags = number(1);
    frame.interlaced = (flags & kInterlaced) != 0;
    read_palette(flags);
    frame.bits = static_cast<int>(number(1));
    if (frame.bits < 1 || frame.bits > 8) refuse(fmt::format("codes of {} bits", frame.bits));
    frame.codes = sub_blocks();
  }

  // The empty one at their end may be missing.
  std::string sub_blocks() {
    std::string content;
    while (at_ < bytes_.size()) {
      const size_t size = static_cast<uint8_t>(bytes_[at_]);
      if (size > bytes_.size() - at_ - 1) refuse(fmt::format("a file cut in a block after {} bytes", bytes_.size()));
      content += bytes_.substr(at_ + 1, size);
      at_ += size + 1;
      if (size == 0) break;
    }
    return content;
  }

  void finish() {
    width = std::max(width, frame.left + frame.width);
    height = std::max(height, frame.top + frame.height);
    for (auto& color : palette) color[3] = 255;
    if (transparent_) palette[*transparent_][3] = 0;
    outside = transparent_.value_or(0);
    if (frame.width < 1 || frame.height < 1) refuse("a frame without pixels");
    check_picture_size(reading_.path(), kExpected, width, height);
  }

  const FileReading& reading_;
  std::string_view bytes_;
  size_t at_ = 0;
  std::optional<uint8_t> transparent_;
};

// The rows of a frame in the order in which they are stored.
std::vector<int64_t> row_order(const Frame& frame) {
  struct Pass {
    int64_t first, step;
  };
  constexpr Pass kPasses[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
  std::vector<int64_t> rows;
  for (const Pass& pass : kPasses) {
    for (int64_t y = pass.first; frame.interlaced && y < frame.height; y += pass.step) rows.push_back(y);
  }
  for (int64_t y = 0; !frame.interlaced && y < frame.height; ++y) rows.push_back(y);
  return rows;
}

// One color index a pixel of the canvas.
std::vector<uint8_t> canvas_of(const GifReader& gif, const std::vector<uint8_t>& values) {
  std::vector<uint8_t> canvas(static_cast<size_t>(gif.width * gif.height), gif.outside);
  auto from = values.begin();
  for (const int64_t y : row_order(gif.frame)) {
    std::copy_n(from, gif.frame.width, canvas.begin() + (gif.frame.top + y) * gif.width + gif.frame.left);
    from += gif.frame.width;
  }
  return canvas;
}

}  // namespace

Pixels decode_gif(const FileReading& reading, std::string_view bytes, int64_t channels) {
  const GifReader gif(reading, bytes);
  const auto count = static_cast<size_t>(gif.frame.width * gif.frame.height);
  const std::vector<uint8_t> values = decode_lzw(gif.frame.codes, gif.frame.bits, count);
  reading.check();
  if (values.size() < count) {
    refuse_media(reading.path(), kExpected,
                 fmt::format("{} of the {} pixels of its first frame", values.size(), count));
  }
  const std::vector<uint8_t> canvas = canvas_of(gif, values);
  Pixels picture(gif.height, gif.width, channels);
  std::vector<uint8_t> row(static_cast<size_t>(gif.width) * 4);
  for (int64_t y = 0; y < gif.height; ++y) {
    for (int64_t x = 0; x < gif.width; ++x) {
      const auto& color = gif.palette[canvas[static_cast<size_t>(y * gif.width + x)]];
      std::copy(color.begin(), color.end(), row.begin() + 4 * x);
    }
    write_row({row.data(), PixelLayout::rgba, 4}, gif.width, channels, picture.data() + y * gif.width * channels);
  }
  return picture;
}

}  // namespace pdmp::data
