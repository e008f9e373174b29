// A data set on its way from an importer to the disk: rows, what is missing, and the counts that were expected.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/importers/shared/output.h"

namespace pdmp::data {

struct ImportedRow {
  std::string id, split, label, group;
  std::vector<std::string> cells;  // as ImportedSet::columns; "" = absent
};

struct ImportedSet {
  std::string name;
  std::vector<std::string> classes;  // the order is the numbering
  std::string live_class;            // of dataset.json; "" = none
  nlohmann::json modalities;         // of dataset.json
  std::vector<std::string> columns;  // of metadata.csv, behind id, split, label and group
  std::vector<ImportedRow> rows;
  std::vector<std::string> missing;         // "path: what is wrong with it"
  std::vector<std::string> left_out;        // of the download, as it fits nowhere: "train/dog/more (1 file)"
  std::map<std::string, int64_t> filtered;  // rule -> samples of the download that it keeps out
  std::map<std::string, int64_t> expected;  // split -> published number of samples; may be empty
  std::optional<double> val_fraction;       // taken off train whenever the data set is opened
  int64_t seed = 0;                         // of that
};

// metadata.csv, counts.json (found and expected, per split and class; all that is missing) and, last, dataset.json; the
// counts and the first five missing ones also to the log. Rows without any cell are left
// out, and counted. Error{data} where no rows or no modalities are left.
void write_imported(ImportedSet set, const ImporterOutput& output);

// `path` as a cell under the modality root `base`: relative where it lies below, else absolute.
std::string cell_below(const std::filesystem::path& base, const std::filesystem::path& path);
// The same as an entry of a list of files (data/tables/file_list.h): what a cell of metadata.csv says.
std::string file_cell(const std::filesystem::path& base, const std::filesystem::path& path);
// "lies outside ..." where `file`, links followed, is not below `root`: a list of a download may name any path, and
// what it names ends up in the data set. "" where it is.
std::string place_problem(const std::filesystem::path& file, const std::filesystem::path& root);

// The deepest folder that holds both, of absolute, plain paths.
std::filesystem::path common_folder(const std::filesystem::path& a, const std::filesystem::path& b);

// Absolute, without "." and "..": what "root" in dataset.json says.
std::filesystem::path media_root(const std::filesystem::path& path);

// Entries of a folder, sorted by bytes, hidden ones left out. Error{io} naming the folder where it cannot be read.
std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder);

// "" where a file may hold a medium; else why not: "is not there", "is empty", "is a Git LFS pointer ...".
std::string medium_problem(const std::filesystem::path& file);

}  // namespace pdmp::data
