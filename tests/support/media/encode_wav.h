// Samples to a 16-bit WAV file.
#pragma once

#include <filesystem>

#include "pdmp/torch.h"

namespace pdmp {

// samples (n) or (channels, n) float in [-1, 1], written as round(32768 x) clamped to 16 bits; decode_audio gives k /
// 32768 back exactly. Error{io} where it cannot be written.
void write_wav(const std::filesystem::path& path, const Tensor& samples, int64_t rate);

}  // namespace pdmp
