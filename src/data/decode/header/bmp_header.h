// What stands before the pixels of a BMP file.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace pdmp::data {

struct BmpHeader {
  static constexpr uint32_t kNone = 0, kRle8 = 1, kRle4 = 2;  // compression

  std::string problem;  // what is unusual about it, so that nothing else of this counts; "": nothing
  int64_t width = 0, height = 0;
  bool top_down = false;
  int bits = 0;                                    // of a pixel
  uint32_t compression = kNone;                    // one of the three
  std::array<std::array<uint8_t, 3>, 256> colors;  // RGB; of up to 8 bits
  std::array<uint32_t, 4> masks{};                 // red, green, blue, alpha; of more than 8 bits
  size_t pixels = 0;                               // where they begin
};

BmpHeader read_bmp_header(std::string_view bytes);

}  // namespace pdmp::data
