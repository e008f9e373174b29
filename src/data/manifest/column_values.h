// One column of a data set's metadata, which the manifest itself does not keep.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>

#include "pdmp/file_options.h"

namespace pdmp::data {

// Id of a sample -> its text in `column` of metadata.csv (or what stands in for it); "" where the cell is empty. Ids
// are those of the manifest. Error{usage} with the nearest spelling where there is no such column.
std::unordered_map<std::string, std::string> column_values(const std::filesystem::path& directory,
                                                           const std::string& column, const FileOptions& files);

}  // namespace pdmp::data
