// Reads rows to predict without holding more than one of them, but for the table of a data set and the names in a
// folder.
#include "run/predict/row_sources.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <poll.h>
#include <set>
#include <system_error>
#include <unistd.h>

#include "base/files/file.h"
#include "base/log.h"
#include "base/signal.h"
#include "base/text/json.h"
#include "base/text/value_text.h"
#include "data/importers/shared/unlabeled_folder.h"
#include "data/manifest/cell_places.h"
#include "data/manifest/metadata.h"
#include "data/tables/csv.h"
#include "data/tables/jsonl.h"
#include "data/tables/line_cutter.h"
#include "pdmp/error.h"

namespace pdmp::runs {
namespace {

namespace fs = std::filesystem;

using TakeRow = std::function<void(data::UnlabeledRow row)>;
using Pause = std::function<void()>;

// Names things once, however many rows have them.
class Notes {
 public:
  explicit Notes(std::string where) : where_(std::move(where)) {}

  void unused(const std::vector<std::string>& columns) {
    constexpr size_t kNamed = 10;
    std::vector<std::string> fresh;
    for (const std::string& column : columns) {
      if (said_.size() < kMost && said_.insert(column).second) fresh.push_back(fmt::format("'{}'", column));
    }
    if (fresh.empty()) return;
    const size_t named = std::min(kNamed, fresh.size());
    std::string text = fmt::format("{}", fmt::join(fresh.begin(), fresh.begin() + static_cast<int64_t>(named), ", "));
    if (fresh.size() > named) text += fmt::format(" and {} more", fresh.size() - named);
    log_info(fmt::format("{}: no modality uses {}", where_, text));
  }

 private:
  static constexpr size_t kMost = 1000;  // names that are remembered
  std::string where_;
  std::set<std::string> said_;
};

// Of the model, with places as the rows have them.
RowCells cells_in(const fs::path& directory, const RowRequest& request, const LoadedRun& run) {
  data::FileLimits limits = data::limits_of_folder(directory, run.options.data.files);
  limits.elsewhere = "copy the file there, or name its folder with `root`";
  for (const std::string& root : request.roots) {
    std::error_code code;
    const fs::path real = fs::canonical(root, code);
    if (code) {
      throw Error(ErrorKind::usage, fmt::format("`root` {}: expected a folder, found none ({})", root, code.message()));
    }
    limits.folders.push_back(real);
  }
  expect_entries(run);
  const size_t modalities = run.description.entries.size();
  return {run.description.entries, directory, std::vector<data::FileLimits>(modalities, limits)};
}

// Of a whole table, before its first row. A modality that the model needs and no row has would fail them all.
void check_columns(const data::UnlabeledColumns& columns, const std::string& where, const RowRequest& request,
                   const ModelDescription& model, Notes& notes) {
  notes.unused(columns.unused());
  for (const size_t m : columns.without()) {
    const std::string& name = model.modalities[m].name;
    if (!request.allow_missing && !model.lacked[m].value_or(true)) {
      throw Error(ErrorKind::data,
                  fmt::format("{}: expected a column for modality '{}', which every training sample had, found {}; add "
                              "it, or give `allow-missing`",
                              where, name, fmt::join(columns.columns(), ", ")));
    }
    log_info(fmt::format("{}: no column for modality '{}': every row is without it", where, name));
  }
}

class CsvRows : public RowSource {
 public:
  CsvRows(const RowRequest& request, const LoadedRun& run)
      : request_(request), run_(run), file_(request.data), cells_(cells_in(folder(), request, run)) {}

  RowCells cells() const override { return cells_; }

  void read(const TakeRow& take, const Pause&) override {
    Notes notes(file_.string());
    std::unique_ptr<data::UnlabeledColumns> columns;
    int64_t number = 0;
    const data::CsvHeaderSink header = [&](std::vector<std::string> names) {
      columns = std::make_unique<data::UnlabeledColumns>(data::MetadataTable{file_, "", std::move(names), {}},
                                                         cells_.entries, data::ColumnNames(), /*of_data_set=*/false);
      check_columns(*columns, file_.string(), request_, run_.description, notes);
    };
    data::scan_csv(file_, std::numeric_limits<uint64_t>::max(), header,
                   [&](const data::MetadataTable::Row& row) { take(columns->read(row, ++number)); });
  }

 private:
  fs::path folder() const { return file_.has_parent_path() ? file_.parent_path() : fs::path("."); }

  const RowRequest& request_;
  const LoadedRun& run_;
  fs::path file_;
  RowCells cells_;
};

// One object a line; a line that is none is a row with a problem.
class JsonRows {
 public:
  JsonRows(fs::path name, const RowCells& cells, TakeRow take)
      : name_(std::move(name)),
        cells_(cells),
        take_(std::move(take)),
        notes_(name_.string()),
        lines_(kDescriptionLimits.bytes,
               [this](int64_t number, std::string_view line, bool whole) { add_line(number, line, whole); }) {}

  data::LineCutter& lines() { return lines_; }

 private:
  void add_line(int64_t number, std::string_view line, bool whole) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    data::UnlabeledRow row;
    row.id = std::to_string(number);
    try {
      if (!whole) {
        throw Error(ErrorKind::data, fmt::format("{}:{}: expected at most {} MiB a line, found more", name_.string(),
                                                 number, kDescriptionLimits.bytes >> 20));
      }
      data::MetadataTable table = data::parse_jsonl(line, name_, number);
      if (table.rows.size() == 0) return;  // a byte order mark
      row = read(std::move(table), number);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      row.problem = error.what();
      const std::string id = whole ? data::text_of_member(line, "id") : "";
      if (!id.empty()) row.id = id;
    }
    take_(std::move(row));
  }

  data::UnlabeledRow read(data::MetadataTable table, int64_t number) {
    const data::MetadataTable::Row row = table.rows[0];
    table.rows = {};
    if (columns_ == nullptr || columns_->columns() != table.columns) {
      const auto id = table.find("id");
      try {
        columns_ = std::make_unique<data::UnlabeledColumns>(std::move(table), cells_.entries, data::ColumnNames(),
                                                            /*of_data_set=*/false);
      } catch (const Error& error) {
        data::UnlabeledRow bad;
        bad.id = id && !row.fields[*id].empty() ? row.fields[*id] : std::to_string(number);
        bad.problem = error.what();
        return bad;
      }
      notes_.unused(columns_->unused());
    }
    return columns_->read(row, number);
  }

  fs::path name_;
  const RowCells& cells_;
  TakeRow take_;
  Notes notes_;
  std::unique_ptr<data::UnlabeledColumns> columns_;  // of the keys that the last line had
  data::LineCutter lines_;
};

class JsonFileRows : public RowSource {
 public:
  JsonFileRows(const RowRequest& request, const LoadedRun& run)
      : file_(request.data),
        cells_(cells_in(file_.has_parent_path() ? file_.parent_path() : fs::path("."), request, run)) {}

  RowCells cells() const override { return cells_; }

  void read(const TakeRow& take, const Pause&) override {
    JsonRows rows(file_, cells_, take);
    read_blocks(file_, std::numeric_limits<uint64_t>::max(), [&](std::string_view block) { rows.lines().add(block); });
    rows.lines().finish();
  }

 private:
  fs::path file_;
  RowCells cells_;
};

class StandardInputRows : public RowSource {
 public:
  StandardInputRows(const RowRequest& request, const LoadedRun& run)
      : cells_(cells_in(fs::current_path(), request, run)) {}

  RowCells cells() const override { return cells_; }

  void read(const TakeRow& take, const Pause& pause) override {
    JsonRows rows("standard input", cells_, take);
    std::string block(size_t{1} << 16, '\0');
    while (true) {
      if (!is_ready(0)) {
        pause();
        while (!is_ready(kPatience)) stop_if_interrupted("stopped while waiting for rows");
      }
      const ssize_t count = ::read(STDIN_FILENO, block.data(), block.size());
      if (count == 0) break;
      if (count > 0) rows.lines().add(std::string_view(block.data(), static_cast<size_t>(count)));
      if (count < 0 && errno != EINTR) {
        throw Error(ErrorKind::io,
                    fmt::format("cannot read standard input: {}", std::generic_category().message(errno)));
      }
    }
    rows.lines().finish();
  }

 private:
  static constexpr int kPatience = 500;  // milliseconds after which a signal that came just before is seen

  // Whether reading would not wait, after up to that long.
  static bool is_ready(int milliseconds) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return poll(&input, 1, milliseconds) > 0;
  }

  RowCells cells_;
};

class FolderRows : public RowSource {
 public:
  FolderRows(const RowRequest& request, const LoadedRun& run)
      : folder_(request.data), cells_(cells_in(folder_, request, run)) {}

  RowCells cells() const override { return cells_; }

  void read(const TakeRow& take, const Pause&) override {
    constexpr size_t kNamed = 5;
    const data::UnlabeledFolder samples(folder_, cells_.entries);
    const std::vector<std::string>& left_out = samples.left_out();
    if (!left_out.empty()) {
      const auto end = left_out.begin() + static_cast<int64_t>(std::min(kNamed, left_out.size()));
      log_warning(fmt::format("{}: {} left out: {}{}", folder_.string(), left_out.size(),
                              fmt::join(left_out.begin(), end, ", "), left_out.size() > kNamed ? ", ..." : ""));
    }
    for (size_t i = 0; i < samples.size(); ++i) take(samples.at(i));
  }

 private:
  fs::path folder_;
  RowCells cells_;
};

// The entries of a data set's own description for the modalities of a model. Error{data} where one is of another type.
std::vector<data::ModalityEntry> entries_for(const ModelDescription& model, const data::DatasetJson& json,
                                             const fs::path& folder) {
  std::vector<data::ModalityEntry> entries;
  for (size_t m = 0; m < model.modalities.size(); ++m) {
    const ModalityInfo& wanted = model.modalities[m];
    const auto found = std::find_if(json.modalities.begin(), json.modalities.end(),
                                    [&](const data::ModalityEntry& entry) { return entry.name == wanted.name; });
    if (found != json.modalities.end() && found->type != wanted.type) {
      throw Error(ErrorKind::data,
                  fmt::format("{}: modality '{}': expected {}, found {}", (folder / "dataset.json").string(),
                              wanted.name, wanted.type, found->type));
    }
    if (found != json.modalities.end()) {
      entries.push_back(*found);
      continue;
    }
    // The places of the data set that the model was trained on are none here: a column of its name, or nothing.
    data::ModalityEntry entry = model.entries[m];
    for (std::string* place : {&entry.column, &entry.path, &entry.root, &entry.ext}) place->clear();
    entry.columns.clear();
    entries.push_back(std::move(entry));
  }
  return entries;
}

class DataSetRows : public RowSource {
 public:
  DataSetRows(const RowRequest& request, const LoadedRun& run)
      : request_(request),
        run_(run),
        folder_(request.data),
        json_(data::read_dataset_json(folder_, run.options.data.files)),
        cells_(cells_in(folder_, request, run)) {
    cells_.entries = entries_for(run.description, json_, folder_);
    std::vector<data::FileLimits> own = data::limits_of_cells(folder_, cells_.entries, run.options.data.files);
    for (size_t m = 0; m < own.size(); ++m) {
      const std::vector<fs::path>& places = own[m].folders;
      cells_.limits[m].folders.insert(cells_.limits[m].folders.end(), places.begin(), places.end());
    }
  }

  RowCells cells() const override { return cells_; }

  void read(const TakeRow& take, const Pause&) override {
    Notes notes(folder_.string());
    int64_t number = 0, taken = 0;
    const bool all = request_.split.empty() || request_.split == "all";
    const data::FileLimits limits = data::limits_of_folder(folder_, run_.options.data.files);
    for (const data::MetadataTable& table : data::read_metadata(folder_, json_.metadata, limits, json_.columns)) {
      const data::UnlabeledColumns columns(data::MetadataTable{table.file, table.split, table.columns, {}},
                                           cells_.entries, json_.columns, /*of_data_set=*/true);
      check_columns(columns, table.file.string(), request_, run_.description, notes);
      for (const data::MetadataTable::Row& found : table.rows) {
        data::UnlabeledRow row = columns.read(found, ++number);
        if (!all && row.split != request_.split && row.problem.empty()) continue;
        ++taken;
        take(std::move(row));
      }
    }
    if (taken > 0) return;
    if (all)
      throw Error(ErrorKind::data, fmt::format("{}: expected at least one sample, found none", folder_.string()));
    throw Error(ErrorKind::usage, fmt::format("`split` {}: {} has no such samples; choose another split, or all",
                                              request_.split, folder_.string()));
  }

 private:
  const RowRequest& request_;
  const LoadedRun& run_;
  fs::path folder_;
  data::DatasetJson json_;
  RowCells cells_;
};

}  // namespace

std::unique_ptr<RowSource> open_rows(const RowRequest& request, const LoadedRun& run) {
  if (request.data == "-") return std::make_unique<StandardInputRows>(request, run);
  const fs::path path = request.data;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    throw Error(ErrorKind::io, fmt::format("`data` {}: expected a folder or a file .csv or .jsonl, found nothing of "
                                           "that name",
                                           request.data));
  }
  if (fs::is_directory(path, ignored)) {
    if (is_data_set(path)) return std::make_unique<DataSetRows>(request, run);
    return std::make_unique<FolderRows>(request, run);
  }
  const std::string extension = lower_case(path.extension().string());
  if (extension == ".csv") return std::make_unique<CsvRows>(request, run);
  if (extension == ".jsonl") return std::make_unique<JsonFileRows>(request, run);
  throw Error(
      ErrorKind::usage,
      fmt::format("`data` {}: expected a folder or a file .csv or .jsonl, found another file; one sample by its "
                  "files is `input` MODALITY=FILE",
                  request.data));
}

bool is_data_set(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "dataset.json", ignored);
}

bool has_labels(const fs::path& directory, const FileOptions& files, bool and_splits) {
  const data::DatasetJson json = data::read_dataset_json(directory, files);
  const std::vector<data::MetadataTable> tables =
      data::read_metadata(directory, json.metadata, data::limits_of_folder(directory, files), json.columns);
  return std::all_of(tables.begin(), tables.end(), [&](const data::MetadataTable& table) {
    const auto label = table.find(json.columns.of("label"));
    if (!label || (and_splits && table.split.empty() && !table.find(json.columns.of("split")))) return false;
    for (const data::MetadataTable::Row& row : table.rows) {
      if (row.fields[*label].empty()) return false;
    }
    return true;
  });
}

}  // namespace pdmp::runs
