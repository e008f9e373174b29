#include "data/decode/picture_size.h"

#include <fmt/format.h>

#include "data/files/limits.h"
#include "data/files/media_file.h"

namespace pdmp::data {

void check_picture_size(const std::filesystem::path& path, std::string_view expected, int64_t width, int64_t height) {
  // Divided, because the product may be more than 64 bits hold.
  if (height < 1 || width <= kMaxPixels / height) return;
  refuse_media(path, expected, fmt::format("Picture size {}x{}{}", width, height, pixel_limit_text()));
}

std::string pixel_limit_text() { return fmt::format(" (at most {} million pixels are read)", kMaxPixels >> 20); }

}  // namespace pdmp::data
