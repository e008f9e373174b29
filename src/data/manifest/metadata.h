// Which files hold the rows of a data set, and what splits are called.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/files/file_reading.h"
#include "data/tables/metadata_table.h"

namespace pdmp::data {

// "valid", "validation", "validate", "dev", "eval" -> "val"; "training" and "testing"; train, val and test as they are;
// else nothing. Case does not matter.
std::optional<std::string> canonical_split(std::string_view name);

class ColumnNames;

// The file called `named`, or where it is "": metadata.csv, else metadata.jsonl, else one file a split (train.csv,
// val.csv, test.csv or .jsonl; aliases too). Error{data} where there is none, or one that `limits` do not let be read.
std::vector<MetadataTable> read_metadata(const std::filesystem::path& directory, const std::string& named,
                                         const FileLimits& limits, const ColumnNames& columns);

}  // namespace pdmp::data
