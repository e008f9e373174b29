// Any bytes as a .npy file, or as a .npz where they begin as a zip archive: refused with an error, or as many finite
// values as its shape says.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "data/files/file_reading.h"
#include "data/npy/npy_format.h"
#include "data/npy/npz.h"
#include "pdmp/error.h"

namespace {

void check(std::string_view bytes) {
  const pdmp::data::NpyHeader header = pdmp::data::parse_npy_header("fuzz.npy", bytes);
  int64_t count = 1;
  for (const int64_t length : header.shape) count *= length;
  if (header.shape.empty() || count != header.count || count < 1) std::abort();
  std::vector<float> values(static_cast<size_t>(count));
  pdmp::data::copy_npy_values("fuzz.npy", bytes, header, values.data());
  for (const float value : values) {
    if (!std::isfinite(value)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const pdmp::data::FileLimits limits;
  const pdmp::data::FileReading reading("fuzz.npz", limits);
  try {
    if (!pdmp::data::is_npz(bytes)) {
      check(bytes);
    } else {
      check(pdmp::data::unpack_npz(reading, bytes));
    }
  } catch (const pdmp::Error& error) {
    if (error.kind() != pdmp::ErrorKind::data) std::abort();
  }
  return 0;
}
