// Numbers as bytes, for tests that write files themselves.
#pragma once

#include <cstdint>
#include <string>

namespace pdmp::testing {

inline std::string little(uint64_t value, size_t width) {
  std::string bytes;
  for (size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> 8 * i & 0xFFu);
  return bytes;
}

inline std::string big(uint64_t value, size_t width) {
  std::string bytes = little(value, width);
  return {bytes.rbegin(), bytes.rend()};
}

inline std::string repeated(const std::string& text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace pdmp::testing
