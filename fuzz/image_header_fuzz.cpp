// Any bytes as an image: its format, whether its container is whole, and which way up it is.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "data/decode/exif.h"
#include "data/decode/image_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const int orientation = pdmp::exif_orientation(bytes);
  if (orientation < 1 || orientation > 8) std::abort();
  const pdmp::ImageFormat* format = pdmp::find_image_format(bytes);
  if (format != nullptr && format->damage != nullptr && format->damage(bytes).size() > 1000) std::abort();
  return 0;
}
