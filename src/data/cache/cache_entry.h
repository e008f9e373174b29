// A tensor as bytes on disk with a checksum, and back without a copy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pdmp/fwd.h"

namespace pdmp::data {

// XXH64 (libxxhash): tells accidental damage, at the speed of memory; no protection against intent.
uint64_t checksum(std::string_view bytes, uint64_t seed = 0);

// 64 bytes that say type, shape and checksum, which is that of the key as well, then the values. uint8, int64, float32
// and float64, at most 5 dimensions.
std::string encode_entry(std::string_view key, const Tensor& value);

// A tensor over these bytes, which must outlive it and be written by nobody; a copy where they lie askew for its type.
// Undefined where the bytes are not what encode_entry wrote for this key.
Tensor view_entry(std::string_view key, std::string_view bytes);

}  // namespace pdmp::data
