// Whether text is UTF-8, before anything is built on it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pdmp {

// Offset of the first byte that does not belong to well-formed UTF-8 (no overlong forms, no surrogates).
std::optional<size_t> find_invalid_utf8(std::string_view text);

}  // namespace pdmp
