// The files a cell of the manifest names.
#pragma once

#include <filesystem>
#include <vector>

#include "data/types/modality_type.h"

namespace pdmp::data {

// The one path of a cell.
std::filesystem::path cell_path(const Cell& cell);
// Paths separated by ';' (data/tables/file_list.h), empty ones left out.
std::vector<std::filesystem::path> cell_paths(const Cell& cell);

// Pictures directly in `folder` (by extension, hidden files left out) in natural order. Error{data} where the folder
// cannot be read, has none, or lies where `limits` do not let files lie.
std::vector<std::filesystem::path> list_pictures(const std::filesystem::path& folder, const FileLimits& limits = {});
// Runs of digits compare as numbers: frame2 < frame10.
bool natural_less(const std::string& a, const std::string& b);

}  // namespace pdmp::data
