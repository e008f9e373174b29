// UTF-8: its characters, and whether text is UTF-8 before anything is built on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pdmp {

struct Utf8Character {
  uint32_t code = 0;
  size_t length = 0;  // in bytes; 0 where the bytes are malformed (also overlong forms and surrogates)
};

// The character that begins at byte `at`.
Utf8Character utf8_character(std::string_view text, size_t at);

// Offset of the first byte that does not belong to well-formed UTF-8.
std::optional<size_t> find_invalid_utf8(std::string_view text);

}  // namespace pdmp
