// From the text of a metadata file to manifest rows: identity, split, group, times and the cells of every modality.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/manifest/dataset_json.h"
#include "data/manifest/manifest.h"
#include "data/tables/metadata_table.h"

namespace pdmp::data {

// Rows to predict need neither labels nor splits: what stands there is not looked at, and an unknown split is "".
enum class Labels { wanted, ignored };

// Reads the rows of one table. What it is given must outlive it.
class RowReader {
 public:
  // Error{data} where a column that is asked for is not there.
  RowReader(const MetadataTable& table, const std::vector<ModalityEntry>& entries, const ColumnNames& columns,
            Labels labels = Labels::wanted);

  // Everything but the class index; `number` (1-based, over all tables) is the id of rows without one.
  ManifestRow read(const MetadataTable::Row& row, int64_t number) const;
  const std::string& label(const MetadataTable::Row& row) const { return row.fields[label_]; }  // where it is wanted

 private:
  // How one modality finds its cell: numbers of columns, or a template of a path.
  struct Source {
    std::vector<size_t> columns;
    std::string path;
    CellFiles files = CellFiles::none;
  };

  bool is_wanted(const std::string& key) const;  // of ColumnNames::keys()
  std::string split_of(const MetadataTable::Row& row) const;
  Source make_source(const ModalityEntry& entry) const;
  size_t require_column(const std::string& name, const std::string& who, const char* advice = "") const;
  // The column that has the meaning `key`; nothing where there is none.
  std::optional<size_t> find_column(const std::string& key) const;
  std::string cell(const MetadataTable::Row& row, const ManifestRow& result, size_t m) const;
  std::string numbers(const MetadataTable::Row& row, size_t m) const;
  std::string path(const MetadataTable::Row& row, const ManifestRow& result, size_t m) const;
  std::optional<double> seconds(const MetadataTable::Row& row, const char* key) const;
  [[noreturn]] void fail(const MetadataTable::Row& row, const std::string& message) const;

  const MetadataTable& table_;
  const std::vector<ModalityEntry>& entries_;
  const ColumnNames& columns_;
  Labels labels_;
  size_t label_ = 0;
  std::vector<Source> sources_;  // as entries_
};

}  // namespace pdmp::data
