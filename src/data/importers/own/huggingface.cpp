// Hugging Face's imagefolder and audiofolder: media beside a metadata.csv or metadata.jsonl that names them.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/importers/shared/clip_set.h"
#include "data/importers/shared/imported_set.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/media_kind.h"
#include "data/manifest/metadata.h"
#include "data/tables/csv.h"
#include "data/tables/file_list.h"
#include "data/tables/jsonl.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

struct Column {
  size_t position = 0;
  std::string modality;  // "" = named by the type of its media
};

// file_name, image_file_name, frames_file_names
std::vector<Column> media_columns(const MetadataTable& table) {
  std::vector<Column> columns;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    std::string name = table.columns[i];
    if (name.ends_with("_file_names")) name.pop_back();
    if (name == "file_name" || name == "file_names") {
      columns.push_back({i, ""});
    } else if (name.ends_with("_file_name")) {
      columns.push_back({i, name.substr(0, name.size() - std::string_view("_file_name").size())});
    }
  }
  if (!columns.empty()) return columns;
  throw Error(ErrorKind::data, fmt::format("{}: expected a column file_name or one that ends in _file_name, found {}",
                                           table.file.string(), fmt::join(table.columns, ", ")));
}

// The paths of one cell, below the folder of the metadata. A column of single files has lists too, but where there is a
// file of the whole name, it is meant.
std::vector<fs::path> paths_of(const std::string& cell, const fs::path& folder) {
  std::error_code ignored;
  if (const fs::path whole = folder / unescaped_file(cell); !cell.empty() && fs::exists(whole, ignored)) {
    return {whole.lexically_normal()};
  }
  std::vector<fs::path> paths;
  for (const std::string& name : split_file_list(cell)) paths.push_back((folder / name).lexically_normal());
  return paths;
}

// A row before the modalities of all files are known.
struct Found {
  ImportedRow row;
  std::map<std::string, std::string> cells;  // by modality
};

// The hub's cache keeps files in REPOSITORY/blobs and links to them from REPOSITORY/snapshots/REVISION.
fs::path with_blobs(const fs::path& root) {
  const fs::path repository = root.parent_path().parent_path();
  const bool cached = root.parent_path().filename() == "snapshots" && fs::is_directory(repository / "blobs");
  return cached ? repository : root;
}

class HuggingfaceImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    list.add("label", &label_, "Column of the class.");
    list.add("text", &texts_, "Columns that are modalities of text themselves: caption,title.");
    list.add("overwrite", &overwrite_, "Replace a data set made with other settings.");
  }

  void run(const fs::path& raw, const fs::path& out) override {
    const fs::path root = open_download(raw);
    const ImporterOutput output(
        out, {{"importer", "huggingface"}, {"raw", root.string()}, {"label", label_}, {"text", texts_}}, overwrite_);
    if (output.is_done_already()) return;
    ImportedSet set;
    set.name = root.filename().string();
    ModalityTypes types;
    std::vector<Found> found;
    const fs::path base = with_blobs(root);
    for (const MetadataTable& table : find_tables(root)) add_rows(set, types, found, table, base);
    for (const auto& [name, type] : types.all()) {
      set.columns.push_back(type == "text" ? name : name + "_file_name");
      set.modalities.push_back(media_entry(name, type, set.columns.back(), base.string()));
    }
    for (Found& item : found) {
      for (const auto& [name, type] : types.all()) item.row.cells.push_back(item.cells[name]);
      set.rows.push_back(std::move(item.row));
    }
    set.classes = number_classes(set.rows);
    write_imported(std::move(set), output);
  }

 private:
  // One in the folder itself, else one in the folder of each split.
  static std::vector<MetadataTable> find_tables(const fs::path& root) {
    std::vector<MetadataTable> tables;
    const auto add = [&](const fs::path& folder, const std::string& split) {
      for (const char* name : {"metadata.csv", "metadata.jsonl"}) {
        if (!fs::is_regular_file(folder / name)) continue;
        tables.push_back(fs::path(name).extension() == ".csv" ? read_csv(folder / name) : read_jsonl(folder / name));
        tables.back().split = split;
        return;
      }
    };
    add(root, "");
    if (!tables.empty()) return tables;
    for (const fs::path& folder : sorted_entries(root)) {
      const auto split = canonical_split(folder.filename().string());
      if (split && fs::is_directory(folder)) add(folder, *split);
    }
    if (!tables.empty()) return tables;
    throw Error(ErrorKind::io, fmt::format("{}: expected metadata.csv or metadata.jsonl in it or in its folders train, "
                                           "validation and test, found none; for classes as folders without metadata "
                                           "use `pdmp prepare folders`, for .parquet export a CSV first",
                                           root.string()));
  }

  size_t require(const MetadataTable& table, const std::string& column, const char* option) const {
    if (const auto found = table.find(column)) return *found;
    throw Error(ErrorKind::data, fmt::format("{}: column '{}' is missing{}; name another with {}", table.file.string(),
                                             column, suggestion(column, table.columns), option));
  }

  // The split of a row: of its file, its column, the folder its medium is in; else train.
  static std::string split_of(const MetadataTable& table, const MetadataTable::Row& row, const std::string& file) {
    if (!table.split.empty()) return table.split;
    const auto column = table.find("split");
    const std::string named = column ? row.fields[*column] : file.substr(0, file.find('/'));
    const auto split = canonical_split(named);
    if (split || !column) return split.value_or("train");
    throw Error(ErrorKind::data, fmt::format("{}:{}: 'split': expected train, validation or test, found '{}'",
                                             table.file.string(), row.line, named));
  }

  void add_rows(ImportedSet& set, ModalityTypes& types, std::vector<Found>& found, const MetadataTable& table,
                const fs::path& root) const {
    const std::vector<Column> columns = media_columns(table);
    const size_t label = require(table, label_, "`label`");
    for (const MetadataTable::Row& row : table.rows) {
      Found item;
      const std::string& first = row.fields[columns.front().position];
      item.row = {std::to_string(found.size() + 1), split_of(table, row, first), row.fields[label], "", {}};
      if (item.row.label.empty()) {
        throw Error(ErrorKind::data, fmt::format("{}:{}: '{}': expected a class, found an empty cell",
                                                 table.file.string(), row.line, label_));
      }
      for (const Column& column : columns) add_media(set, types, item, table, row, column, root);
      for (const std::string& text : texts_) {
        types.add(text, "text", table.file.string());
        item.cells[text] = row.fields[require(table, text, "`text`")];
      }
      found.push_back(std::move(item));
    }
  }

  static void add_media(ImportedSet& set, ModalityTypes& types, Found& item, const MetadataTable& table,
                        const MetadataTable::Row& row, const Column& column, const fs::path& root) {
    std::string type;
    std::vector<std::string> names;
    const std::vector<fs::path> paths = paths_of(row.fields[column.position], table.file.parent_path());
    for (const fs::path& path : paths) {
      std::string problem = fs::is_directory(path) ? "" : medium_problem(path);
      if (problem.empty()) problem = place_problem(path, root);
      if (!problem.empty()) {
        set.missing.push_back(fmt::format("{}: {}", path.string(), problem));
        return;
      }
      type = media_type(path);
      if (type.empty() || (type == "text" && paths.size() > 1)) {
        throw Error(ErrorKind::data,
                    fmt::format("{}:{}: '{}': expected pictures, recordings, videos or .npy files, "
                                "found '{}'",
                                table.file.string(), row.line, table.columns[column.position], path.string()));
      }
      names.push_back(type == "text" ? text_cell(path, root) : cell_below(root, path));
    }
    if (paths.empty()) return;
    if (table.columns[column.position].ends_with("names") && type == "image") type = "frames";  // several pictures
    const std::string modality = column.modality.empty() ? type : column.modality;
    types.add(modality, type, fmt::format("{}:{}", table.file.string(), row.line));
    item.cells[modality] = type == "text" ? names.front() : join_file_list(names);
  }

  std::string label_ = "label";
  std::vector<std::string> texts_;
  bool overwrite_ = false;
};

}  // namespace

std::unique_ptr<Importer> make_huggingface_importer() { return std::make_unique<HuggingfaceImporter>(); }

}  // namespace pdmp::data
