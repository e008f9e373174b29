// The compression of GIF: Lempel-Ziv-Welch with codes of up to 12 bits.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace pdmp::data {

// `count` values of `bits` (1 to 8) each; fewer where the codes end or are damaged before.
std::vector<uint8_t> decode_lzw(std::string_view codes, int bits, size_t count);

}  // namespace pdmp::data
