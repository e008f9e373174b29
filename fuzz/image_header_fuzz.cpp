// Any bytes as an image: its format, whether its container is whole, and which way up it is; as the header of a BMP; as
// the codes of a GIF.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "data/decode/header/bmp_header.h"
#include "data/decode/header/exif.h"
#include "data/decode/header/image_format.h"
#include "data/decode/image/lzw.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const int orientation = pdmp::data::exif_orientation(bytes);
  if (orientation < 1 || orientation > 8) std::abort();
  const pdmp::data::ImageFormat* format = pdmp::data::find_image_format(bytes);
  if (format != nullptr && format->damage != nullptr && format->damage(bytes).size() > 1000) std::abort();
  const pdmp::data::BmpHeader header = pdmp::data::read_bmp_header(bytes);
  if (header.problem.empty() && (header.width < 1 || header.height < 1)) std::abort();
  constexpr size_t kMost = 1 << 16;
  if (pdmp::data::decode_lzw(bytes, 1 + static_cast<int>(size % 8), kMost).size() > kMost) std::abort();
  return 0;
}
