// Rows to predict: samples without labels and splits, from whatever columns a table has.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/manifest/dataset_json.h"
#include "data/manifest/row_reader.h"

namespace pdmp::data {

struct UnlabeledRow {
  std::string id;
  std::vector<std::string> cells;    // per modality; "" = absent
  std::optional<double> start, end;  // seconds
  std::string split;                 // where the table says; else "train" as in a manifest
  std::string place;                 // for messages: "rows.csv:7"; "" where it stands in no table
  std::string problem;               // why the row cannot be read, which then has an id alone; "" where it can
};

// How the columns of one table serve the modalities of a model. A modality's cell stands in the column that its entry
// names, else in `<name>_file_name` or `<name>` (numbers of a vector: one column each, or all of them in one, with
// commas); else its path template is used. A modality for which there is neither is absent.
class UnlabeledColumns {
 public:
  // `table` without rows: its file is named in messages. `of_data_set`: the entries are those of the table's own data
  // set, with its `root` and `ext`; else a cell names a whole file relative to the table's folder, and only templates
  // keep their `ext`. Error{data} where only some columns of a vector are there, or no modality has any.
  UnlabeledColumns(MetadataTable table, const std::vector<ModalityEntry>& entries, ColumnNames names, bool of_data_set);
  UnlabeledColumns(const UnlabeledColumns&) = delete;
  UnlabeledColumns& operator=(const UnlabeledColumns&) = delete;

  const std::vector<std::string>& columns() const { return table_.columns; }
  const std::vector<std::string>& unused() const { return unused_; }  // columns that nothing reads
  const std::vector<size_t>& without() const { return without_; }     // positions of modalities without a column

  // `number`: the id where the row has none.
  UnlabeledRow read(const MetadataTable::Row& row, int64_t number) const;

 private:
  MetadataTable table_;
  ColumnNames names_;
  size_t modalities_;
  std::vector<ModalityEntry> served_;  // entries that have a source, as the reader wants them
  std::vector<size_t> positions_;      // of served_ among the modalities
  std::vector<size_t> without_;
  std::vector<std::string> unused_;
  std::unique_ptr<RowReader> reader_;
};

}  // namespace pdmp::data
