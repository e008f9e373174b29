// Any bytes as a .npy file: refused with an error, or as many finite values as its shape says.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "data/types/npy_format.h"
#include "pdmp/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const pdmp::NpyHeader header = pdmp::parse_npy_header("fuzz.npy", bytes);
    int64_t count = 1;
    for (const int64_t length : header.shape) count *= length;
    if (header.shape.empty() || count != header.count || count < 1) std::abort();
    std::vector<float> values(static_cast<size_t>(count));
    pdmp::copy_npy_values("fuzz.npy", bytes, header, values.data());
    for (const float value : values) {
      if (!std::isfinite(value)) std::abort();
    }
  } catch (const pdmp::Error& error) {
    if (error.kind() != pdmp::ErrorKind::data) std::abort();
  }
  return 0;
}
