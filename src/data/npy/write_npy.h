// A tensor as a .npy file, which NumPy and the modality type `tensor` read.
#pragma once

#include <filesystem>

#include "pdmp/fwd.h"

namespace pdmp::data {

// values: float32 or int64, any shape -> .npy version 1 in C order ("<f4" or "<i8"). The file is replaced as a whole.
// Error{usage} for another element type, Error{io} where it cannot be written.
void write_npy(const std::filesystem::path& path, const Tensor& values);

}  // namespace pdmp::data
