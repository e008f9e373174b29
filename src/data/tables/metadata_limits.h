// What a metadata file may hold: far more than real ones do, and little enough to be read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pdmp::data {

inline constexpr uint64_t kMostMetadataBytes = uint64_t{2} << 30;  // a file
inline constexpr size_t kMostFieldBytes = size_t{1} << 20;         // a cell, after quotes and escapes
inline constexpr size_t kMostColumns = 250'000;
// Rows times columns of JSON lines, where a key that one row has is an empty cell of all others. In CSV each cell is at
// least a byte of the file.
inline constexpr size_t kMostCells = 100'000'000;

}  // namespace pdmp::data
