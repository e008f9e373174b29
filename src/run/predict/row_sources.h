// Where rows to predict come from: a table, lines of JSON, a folder of media, a data set without labels.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "run/predict/predict_rows.h"

namespace pdmp::runs {

class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual RowCells cells() const = 0;
  // Gives row after row to `take`. `pause` is called where no more is there for now: who waits for an answer before it
  // sends more must get it then. Error{data} where the source as a whole cannot be read; a row that cannot be has a
  // problem.
  virtual void read(const std::function<void(data::UnlabeledRow row)>& take, const std::function<void()>& pause) = 0;
};

// By what `request.data` is: `-`, a file .csv, a file .jsonl, a folder with dataset.json, another folder. Files of rows
// must lie in the folder of the table, the folder itself or, for standard input, the working directory, where relative
// paths begin; or in one of the roots. Columns and keys that no modality uses are named once and ignored. Error{usage}
// where the file is of another kind, Error{io} where there is none. What it is given must outlive it.
std::unique_ptr<RowSource> open_rows(const RowRequest& request, const LoadedRun& run);

// Whether the folder has dataset.json.
bool is_data_set(const std::filesystem::path& folder);
// Whether every row of a data set has a label and, where `and_splits`, the table says which split it belongs to.
bool has_labels(const std::filesystem::path& directory, const FileOptions& files, bool and_splits);

}  // namespace pdmp::runs
