// Reads the metadata again for a column that no modality uses.
#include "data/manifest/column_values.h"

#include <fmt/format.h>
#include <optional>
#include <vector>

#include "data/manifest/cell_places.h"
#include "data/manifest/dataset_json.h"
#include "data/manifest/metadata.h"
#include "pdmp/error.h"
#include "pdmp/options.h"

namespace pdmp::data {
namespace {

// Of `column`, or of the column that has this meaning; "split" is also what the file's name says.
std::optional<size_t> position(const MetadataTable& table, const std::string& column, const ColumnNames& names) {
  const auto own = table.find(column), found = own ? own : table.find(names.of(column));
  if (found || (column == "split" && !table.split.empty())) return found;
  throw Error(ErrorKind::usage, fmt::format("`by`: {} has no column '{}'{}", table.file.string(), column,
                                            suggestion(column, table.columns)));
}

}  // namespace

std::unordered_map<std::string, std::string> column_values(const std::filesystem::path& directory,
                                                           const std::string& column, const FileOptions& files) {
  const DatasetJson json = read_dataset_json(directory, files);
  std::unordered_map<std::string, std::string> values;
  int64_t number = 0;
  for (const MetadataTable& table :
       read_metadata(directory, json.metadata, limits_of_folder(directory, files), json.columns)) {
    const std::optional<size_t> at = position(table, column, json.columns), id = table.find(json.columns.of("id"));
    for (const MetadataTable::Row& row : table.rows) {
      ++number;  // over all tables: the id of rows without one
      const bool has_id = id && !row.fields[*id].empty();
      values.emplace(has_id ? row.fields[*id] : std::to_string(number), at ? row.fields[*at] : table.split);
    }
  }
  return values;
}

}  // namespace pdmp::data
