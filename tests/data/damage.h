// Damaged copies of good media files, always the same ones.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pdmp/random.h"

namespace pdmp::testing {

struct Damaged {
  std::string bytes, what;
  bool decodes = false;  // it may; others must be refused
};

// `bytes` with `value` of `width` bytes at `at`.
inline std::string with_number(std::string bytes, size_t at, uint64_t value, size_t width, bool big_endian) {
  for (size_t i = 0; i < width && at + i < bytes.size(); ++i) {
    bytes[at + i] = static_cast<char>(value >> 8 * (big_endian ? width - 1 - i : i) & 0xFFu);
  }
  return bytes;
}

// `special` first, then cuts, zeroed stretches and flipped bits until there are `count`. `repair` mends the checksums
// behind which half of the flipped bits would hide.
inline std::vector<Damaged> damage(const std::string& good, std::vector<Damaged> special, size_t count,
                                   const std::function<void(std::string&)>& repair) {
  constexpr size_t kCuts = 40, kZeroed = 30;
  std::vector<Damaged> all = std::move(special);
  RandomStream random(good.size());
  const auto position = [&] { return static_cast<size_t>(random.integer(0, static_cast<int64_t>(good.size()) - 1)); };
  all.push_back({"", "empty"});
  all.push_back({std::string(good.size(), '\0'), "all zero"});
  for (size_t i = 1; i <= kCuts; ++i) all.push_back({good.substr(0, good.size() * i / (kCuts + 1)), "cut"});
  for (size_t i = 0; i < kZeroed; ++i) {
    std::string bytes = good;
    const size_t begin = position(), length = std::min(size_t{1} << i % 12, good.size() - begin);
    all.push_back({bytes.replace(begin, length, length, '\0'), "zeroed", true});
  }
  while (all.size() < count) {
    std::string bytes = good;
    for (size_t flips = size_t{1} << all.size() % 7; flips > 0; --flips) {
      const size_t at = position();
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.integer(0, 7)));
    }
    if (all.size() % 2 == 0) repair(bytes);
    all.push_back({bytes, "bits flipped", true});
  }
  return all;
}

}  // namespace pdmp::testing
