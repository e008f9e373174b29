// The bytes of a .npy file, without LibTorch: what its header says, and its values as float32.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace pdmp::data {

inline constexpr const char* kNpyExpected = "a .npy file";

struct NpyHeader {
  std::vector<int64_t> shape;  // each >= 1, at least one
  int64_t count = 1;           // of values
  size_t data = 0;             // offset of the first value; `count` of them fill the rest of the file
  bool fortran = false;        // the first index runs fastest
  void (*convert)(const char* from, float* to, int64_t count) = nullptr;  // from the file's type
};

// `path` is for messages alone. Error{data} where the file is cut or its values are no real numbers (complex, text,
// objects).
NpyHeader parse_npy_header(const std::filesystem::path& path, std::string_view bytes);

// header.count values into `to`, the last index fastest, as NumPy's astype(float32) makes them. Error{data} naming
// position and value of the first that is NaN or infinite.
void copy_npy_values(const std::filesystem::path& path, std::string_view bytes, const NpyHeader& header, float* to);

}  // namespace pdmp::data
