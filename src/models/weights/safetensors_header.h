// The header of a safetensors file, without LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pdmp::models {

// One tensor as the header describes it.
struct SafetensorsEntry {
  std::string name, type;  // type: "F32", "BF16" ...
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // bytes of SafetensorsHeader::data
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the order of the header; they fill `data` without hole or overlap
  std::map<std::string, std::string> metadata;
  std::string_view data;  // behind the header
};

// Bytes of one element: of the types a tensor here can have.
struct SafetensorsType {
  const char* name;
  uint64_t bytes;
};
inline constexpr SafetensorsType kSafetensorsTypes[] = {{"F32", 4}, {"F64", 8}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
                                                        {"I32", 4}, {"I16", 2}, {"I8", 1},  {"U8", 1},   {"BOOL", 1}};

inline constexpr uint64_t kMostWeightsBytes = uint64_t{8} << 30;  // of a file, which is held in memory as a whole
inline constexpr uint64_t kSafetensorsPrefix = 8;                 // bytes of the header's length, little-endian

// `file` is all of it and must outlive the result; `path` is for messages alone. Error{data} on a cut, overlapping or
// malformed one.
SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view file);

}  // namespace pdmp::models
