#include "data/decode/pixels.h"

namespace pdmp::data {

Pixels::Pixels(int64_t height, int64_t width, int64_t channels)
    : Pixels(height, width, channels,
             std::shared_ptr<uint8_t>(new uint8_t[static_cast<size_t>(height * width * channels)],
                                      std::default_delete<uint8_t[]>())) {}

}  // namespace pdmp::data
