// NumPy's .npy files (format versions 1 to 3) of real numbers, and .npz files with one of them.
#pragma once

#include <filesystem>
#include <vector>

#include "data/files/file_reading.h"
#include "pdmp/fwd.h"

namespace pdmp::data {

std::vector<int64_t> read_npy_shape(const std::filesystem::path& path, const FileLimits& limits = {});
// The array as float32. Error{data} naming file, position and value where it is cut, of another kind (complex, text,
// objects, several arrays) or holds NaN or infinity, or where reading it goes beyond `limits`.
Tensor read_npy(const std::filesystem::path& path, const FileLimits& limits = {});

}  // namespace pdmp::data
