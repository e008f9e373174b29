// A PNG file without zlib: stored deflate blocks. For tests that need pictures of known pixels.
#pragma once

#include <cstdint>
#include <string>

namespace pdmp::testing {

namespace png_detail {

inline std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

inline uint32_t crc32(const std::string& bytes) {
  uint32_t crc = 0xffffffffu;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
  }
  return ~crc;
}

inline std::string chunk(const std::string& type, const std::string& content) {
  return big_endian(static_cast<uint32_t>(content.size())) + type + content + big_endian(crc32(type + content));
}

inline std::string stored_zlib(const std::string& bytes) {
  std::string result = "\x78\x01";
  uint32_t a = 1, b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<uint8_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  for (size_t at = 0; at < bytes.size(); at += 65535) {
    const std::string block = bytes.substr(at, 65535);
    const auto size = static_cast<uint16_t>(block.size());
    result += at + 65535 >= bytes.size() ? '\1' : '\0';
    for (const uint16_t word : {size, static_cast<uint16_t>(~size)}) {
      result += static_cast<char>(word & 255);
      result += static_cast<char>(word >> 8);
    }
    result += block;
  }
  return result + big_endian(b << 16 | a);
}

}  // namespace png_detail

// rgb: width * height * 3 bytes, row by row. A header may lie about the size: `rgb` is written as it is.
inline std::string png(uint32_t width, uint32_t height, const std::string& rgb) {
  using namespace png_detail;
  std::string rows;
  const size_t stride = size_t{width} * 3;
  for (size_t at = 0; at < rgb.size(); at += stride) rows += '\0' + rgb.substr(at, stride);
  return "\x89PNG\r\n\x1a\n" +
         chunk("IHDR", big_endian(width) + big_endian(height) + std::string("\x08\x02\0\0\0", 5)) +
         chunk("IDAT", stored_zlib(rows)) + chunk("IEND", "");
}

}  // namespace pdmp::testing
