#include "data/manifest/metadata.h"

#include <fmt/format.h>
#include <utility>

#include "base/text/value_text.h"
#include "data/manifest/cell_places.h"
#include "data/manifest/dataset_json.h"
#include "data/tables/csv.h"
#include "data/tables/jsonl.h"
#include "data/tables/metadata_limits.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

constexpr std::pair<const char*, const char*> kSplitNames[] = {{"train", "train"},    {"val", "val"}, {"valid", "val"},
                                                               {"validation", "val"}, {"dev", "val"}, {"eval", "val"},
                                                               {"test", "test"}};

MetadataTable read_table(const std::filesystem::path& file, const FileLimits& limits) {
  const bool csv = file.extension() == ".csv";
  if (!csv && file.extension() != ".jsonl") {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected a metadata file that ends in .csv or .jsonl", file.string()));
  }
  const auto read = [&](const TakeBlock& take) { read_description(file, limits, kMostMetadataBytes, take); };
  return csv ? read_csv(file, read) : read_jsonl(file, read);
}

std::vector<MetadataTable> read_split_files(const std::filesystem::path& directory, const FileLimits& limits,
                                            const std::string& split_column) {
  std::vector<MetadataTable> tables;
  for (const auto& [name, split] : kSplitNames) {
    for (const char* extension : {".csv", ".jsonl"}) {
      const auto file = directory / (std::string(name) + extension);
      if (!std::filesystem::exists(file)) continue;
      tables.push_back(read_table(file, limits));
      if (tables.back().find(split_column)) {
        throw Error(ErrorKind::data, fmt::format("{}: the file's name gives the split and so does its column '{}'; "
                                                 "remove the column or name the file metadata{}",
                                                 file.string(), split_column, extension));
      }
      tables.back().split = split;
    }
  }
  return tables;
}

}  // namespace

std::optional<std::string> canonical_split(std::string_view name) {
  const std::string lower = lower_case(name);
  for (const auto& [alias, split] : kSplitNames) {
    if (lower == alias) return split;
  }
  if (lower == "training") return "train";
  if (lower == "validate") return "val";
  return lower == "testing" ? std::optional<std::string>("test") : std::nullopt;
}

std::vector<MetadataTable> read_metadata(const std::filesystem::path& directory, const std::string& named,
                                         const FileLimits& limits, const ColumnNames& columns) {
  std::vector<MetadataTable> tables;
  if (!named.empty()) {
    tables.push_back(read_table(directory / named, limits));
    return tables;
  }
  for (const char* name : {"metadata.csv", "metadata.jsonl"}) {
    if (!std::filesystem::exists(directory / name)) continue;
    tables.push_back(read_table(directory / name, limits));
    return tables;
  }
  tables = read_split_files(directory, limits, columns.of("split"));
  if (tables.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected metadata.csv, metadata.jsonl or train.csv and test.csv, found "
                            "none of them; 'metadata' in dataset.json may name another file",
                            directory.string()));
  }
  return tables;
}

}  // namespace pdmp::data
