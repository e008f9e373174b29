// The safetensors format: an 8-byte little-endian header length, a JSON header, raw tensors.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/files/checked_file.h"
#include "pdmp/torch.h"

namespace pdmp::models {

struct Safetensors {
  std::vector<std::pair<std::string, Tensor>> tensors;  // in the order of the file
  std::map<std::string, std::string> metadata;
};

// Tensors are written contiguous, on the CPU, in the order given; the file is replaced atomically. The digest is taken
// of the bytes in memory.
FileDigest write_safetensors(const std::string& path, const Safetensors& content);
// Throws Error{data} naming the file on a cut, overlapping or malformed one, Error{io} where it cannot be read.
Safetensors read_safetensors(const std::string& path);
// The same in two steps. Error{data} also where it is no regular file or has more than 8 GiB.
std::string read_weights_file(const std::string& path);
Safetensors parse_safetensors(const std::string& path, const std::string& file);

}  // namespace pdmp::models
