// Any bytes as a safetensors file: refused with an error, or tensors that fill the data exactly.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "models/weights/safetensors_header.h"
#include "pdmp/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  try {
    const pdmp::models::SafetensorsHeader header = pdmp::models::parse_safetensors_header("fuzz.safetensors", file);
    uint64_t filled = 0, sum = 0;
    for (const pdmp::models::SafetensorsEntry& entry : header.entries) {
      if (entry.begin > entry.end || entry.end > header.data.size()) std::abort();
      int64_t stride = 1;  // as LibTorch computes it
      for (const int64_t length : entry.shape) {
        if (length < 0 || __builtin_mul_overflow(stride, length > 0 ? length : 1, &stride)) std::abort();
      }
      for (const char byte : header.data.substr(entry.begin, entry.end - entry.begin))
        sum += static_cast<uint8_t>(byte);
      filled += entry.end - entry.begin;
    }
    if (filled != header.data.size() || sum > filled * 255) std::abort();
  } catch (const pdmp::Error& error) {
    if (error.kind() != pdmp::ErrorKind::data) std::abort();
  }
  return 0;
}
