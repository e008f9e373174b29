// The size that a picture may have.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace pdmp::data {

// Error{data} naming the file where a picture of these sides has more than kMaxPixels (limits.h).
// `expected`: "a whole PNG picture".
void check_picture_size(const std::filesystem::path& path, std::string_view expected, int64_t width, int64_t height);

// " (at most 64 million pixels are read)", behind what a library says of a picture that is too large.
std::string pixel_limit_text();

}  // namespace pdmp::data
