#include "data/manifest/row_reader.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "data/manifest/metadata.h"
#include "data/manifest/path_template.h"
#include "data/tables/decimal.h"
#include "data/tables/file_list.h"
#include "data/tables/metadata_limits.h"
#include "pdmp/error.h"
#include "pdmp/options.h"

namespace pdmp::data {
namespace {

std::string placed(const std::string& file, const ModalityEntry& entry) {
  return (std::filesystem::path(entry.root) / file).string() + entry.ext;
}

// "a.png;b.png" -> "root/a.png.ext;root/b.png.ext".
std::string placed_list(const std::string& files, const ModalityEntry& entry) {
  if (entry.root.empty() && entry.ext.empty()) return files;
  std::vector<std::string> names = split_file_list(files);
  size_t bytes = 0;
  for (std::string& name : names) {
    name = placed(name, entry);
    bytes += name.size() + 1;
    if (bytes > kMostFieldBytes) {
      throw Error(ErrorKind::data,
                  fmt::format("expected files whose names take at most {} bytes, found more", kMostFieldBytes));
    }
  }
  return join_file_list(names);
}

// The cell of a modality from the text of its column.
std::string placed_cell(const std::string& text, const ModalityEntry& entry, CellFiles files) {
  if (text.empty() || files == CellFiles::none) return text;
  return files == CellFiles::one ? placed(unescaped_file(text), entry) : placed_list(text, entry);
}

bool has_meaning(const std::string& name) {
  const std::vector<std::string>& keys = ColumnNames::keys();
  return std::find(keys.begin(), keys.end(), name) != keys.end();
}

}  // namespace

RowReader::RowReader(const MetadataTable& table, const std::vector<ModalityEntry>& entries, const ColumnNames& columns,
                     Labels labels)
    : table_(table), entries_(entries), columns_(columns), labels_(labels) {
  for (const std::string& key : ColumnNames::keys()) {
    if (columns.is_named(key) && is_wanted(key)) {
      require_column(columns.of(key), fmt::format("\"{}\" of dataset.json", key));
    }
  }
  if (labels == Labels::wanted) {
    label_ = require_column(columns.of("label"), "the class of a sample",
                            "; if it is called otherwise, name it in dataset.json: \"label\": \"COLUMN\"");
  }
  for (const ModalityEntry& entry : entries) sources_.push_back(make_source(entry));
}

bool RowReader::is_wanted(const std::string& key) const {
  if (key == "split" && !table_.split.empty()) return false;
  return labels_ == Labels::wanted || (key != "split" && key != "label" && key != "group");
}

size_t RowReader::require_column(const std::string& name, const std::string& who, const char* advice) const {
  const auto column = table_.find(name);
  if (column && !name.empty()) return *column;
  throw Error(ErrorKind::data, fmt::format("{}: column '{}' ({}) is missing{}{}", table_.file.string(), name, who,
                                           suggestion(name, table_.columns), advice));
}

RowReader::Source RowReader::make_source(const ModalityEntry& entry) const {
  const std::string who = fmt::format("modality '{}' of dataset.json", entry.name);
  Source source;
  source.path = entry.path;
  source.files = cell_files(entry.type);
  for (const std::string& column : entry.columns) source.columns.push_back(require_column(column, who));
  if (!entry.column.empty()) {
    source.columns.push_back(require_column(entry.column, who));
  } else if (entry.columns.empty() && entry.path.empty()) {
    const auto usual = table_.find(entry.name + "_file_name");
    const auto plain = usual ? usual : table_.find(entry.name);
    if (plain) {
      source.columns.push_back(*plain);
    } else if (!entry.root.empty() || !entry.ext.empty()) {
      source.path = "{id}";
    } else {
      require_column(entry.name + "_file_name", who);
    }
  }
  return source;
}

std::optional<size_t> RowReader::find_column(const std::string& key) const { return table_.find(columns_.of(key)); }

ManifestRow RowReader::read(const MetadataTable::Row& row, int64_t number) const {
  ManifestRow result;
  result.line = row.line;
  result.file = table_.file.filename().string();
  const auto field = [&](const char* key) {
    const auto position = find_column(key);
    return position ? row.fields[*position] : std::string();
  };
  result.id = field("id").empty() ? std::to_string(number) : field("id");
  result.group = field("group");
  result.start = seconds(row, "start");
  result.end = seconds(row, "end");
  if (result.end && *result.end <= result.start.value_or(0)) {
    fail(row, fmt::format("expected 'end' after 'start', found {} and {}", *result.end, result.start.value_or(0)));
  }
  result.split = split_of(row);
  for (size_t m = 0; m < entries_.size(); ++m) result.cells.push_back(cell(row, result, m));
  return result;
}

std::string RowReader::split_of(const MetadataTable::Row& row) const {
  const auto column = find_column("split");
  if (!table_.split.empty()) return table_.split;
  if (!column) return "train";
  const std::string& text = row.fields[*column];
  const auto split = canonical_split(text);
  if (!split && labels_ == Labels::wanted) {
    fail(row, fmt::format("'{}': expected train, val or test, found '{}'", columns_.of("split"), text));
  }
  return split.value_or("");
}

std::string RowReader::cell(const MetadataTable::Row& row, const ManifestRow& result, size_t m) const {
  const Source& source = sources_[m];
  if (!entries_[m].columns.empty()) return numbers(row, m);
  if (source.columns.empty()) return path(row, result, m);
  const std::string& text = row.fields[source.columns.front()];
  try {
    return placed_cell(text, entries_[m], source.files);
  } catch (const Error& error) {
    fail(row, fmt::format("modality '{}': {}", entries_[m].name, error.what()));
  }
}

// All numbers or none: half a vector is a slip, not an absent modality.
std::string RowReader::numbers(const MetadataTable::Row& row, size_t m) const {
  std::string result;
  size_t filled = 0;
  std::string empty_column;
  for (size_t i = 0; i < sources_[m].columns.size(); ++i) {
    const std::string& text = row.fields[sources_[m].columns[i]];
    if (text.empty()) empty_column = entries_[m].columns[i];
    filled += text.empty() ? 0 : 1;
    result += (i > 0 ? "," : "") + text;
  }
  if (filled == 0) return "";
  if (!empty_column.empty()) {
    fail(row, fmt::format("'{}': expected a number, found an empty cell; fill in all columns of modality '{}' or none",
                          empty_column, entries_[m].name));
  }
  return result;
}

// A template that uses an empty cell means: absent.
std::string RowReader::path(const MetadataTable::Row& row, const ManifestRow& result, size_t m) const {
  bool absent = false;
  const bool list = sources_[m].files == CellFiles::several;
  const auto raw_value = [&](const std::string& name) -> std::string {
    const auto column = has_meaning(name) ? find_column(name) : table_.find(name);
    if (column && !(name == "id" && row.fields[*column].empty())) {
      absent = absent || row.fields[*column].empty();
      return row.fields[*column].empty() ? "0" : row.fields[*column];
    }
    if (name == "id") return result.id;
    if (name == "split") return result.split;
    fail(row, fmt::format("modality '{}': path '{}' uses the column '{}', which is not there{}", entries_[m].name,
                          sources_[m].path, name, suggestion(name, table_.columns)));
  };
  // The template may hold a list; what stands in a column is a part of one name.
  const auto value = [&](const std::string& name) { return list ? escaped_file(raw_value(name)) : raw_value(name); };
  try {
    const std::string text = expand_template(sources_[m].path, value);
    if (absent) return "";
    return list ? placed_list(text, entries_[m]) : placed(text, entries_[m]);
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(table_.file.string())) throw;
    fail(row, fmt::format("modality '{}': {}", entries_[m].name, error.what()));
  }
}

std::optional<double> RowReader::seconds(const MetadataTable::Row& row, const char* key) const {
  const auto position = find_column(key);
  if (!position || row.fields[*position].empty()) return std::nullopt;
  const std::string& text = row.fields[*position];
  const std::optional<double> value = parse_decimal(text);
  if (!value || !std::isfinite(*value) || *value < 0) {
    const char* advice = text.find(',') == std::string::npos ? "" : "; write a decimal point, not a comma";
    fail(row, fmt::format("'{}': expected seconds of at least 0, found '{}'{}", columns_.of(key), text, advice));
  }
  return value;
}

void RowReader::fail(const MetadataTable::Row& row, const std::string& message) const {
  throw Error(ErrorKind::data, fmt::format("{}:{}: {}", table_.file.string(), row.line, message),
              {.file = table_.file.string(), .line = row.line});
}

}  // namespace pdmp::data
