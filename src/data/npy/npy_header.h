// The header of a .npy file: a Python dict literal with three entries.
#pragma once

#include <filesystem>
#include <string_view>

namespace pdmp::data {

// The values as they are written.
struct NpyFields {
  std::string_view descr, fortran_order, shape;
};

// Error{data} naming `path` where `text` is no such dict or lacks an entry.
NpyFields parse_npy_fields(const std::filesystem::path& path, std::string_view text);

}  // namespace pdmp::data
