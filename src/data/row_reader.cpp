#include "data/row_reader.h"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "data/metadata.h"
#include "data/metadata_limits.h"
#include "data/path_template.h"
#include "pdmp/error.h"
#include "pdmp/options.h"

namespace pdmp {
namespace {

// "a.png;b.png" -> "root/a.png.ext;root/b.png.ext".
std::string with_root(const std::string& files, const ModalityEntry& entry) {
  if (entry.root.empty() && entry.ext.empty()) return files;
  std::string result;
  for (size_t at = 0; at <= files.size();) {
    const size_t end = std::min(files.find(';', at), files.size());
    if (at > 0) result += ';';
    result += (std::filesystem::path(entry.root) / files.substr(at, end - at)).string() + entry.ext;
    if (result.size() > kMostFieldBytes) {
      throw Error(ErrorKind::data,
                  fmt::format("expected files whose names take at most {} bytes, found more", kMostFieldBytes));
    }
    at = end + 1;
  }
  return result;
}

}  // namespace

RowReader::RowReader(const MetadataTable& table, const std::vector<ModalityEntry>& entries)
    : table_(table), entries_(entries) {
  label_ = require_column("label", "the class of a sample");
  for (const ModalityEntry& entry : entries) sources_.push_back(make_source(entry));
}

size_t RowReader::require_column(const std::string& name, const std::string& who) const {
  const auto column = table_.find(name);
  if (column && !name.empty()) return *column;
  throw Error(ErrorKind::data, fmt::format("{}: column '{}' ({}) is missing{}", table_.file.string(), name, who,
                                           suggestion(name, table_.columns)));
}

RowReader::Source RowReader::make_source(const ModalityEntry& entry) const {
  const std::string who = fmt::format("modality '{}' of dataset.json", entry.name);
  Source source;
  source.path = entry.path;
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

ManifestRow RowReader::read(const MetadataTable::Row& row, int64_t number) const {
  ManifestRow result;
  result.line = row.line;
  result.file = table_.file.filename().string();
  const auto field = [&](const char* column) {
    const auto position = table_.find(column);
    return position ? row.fields[*position] : std::string();
  };
  result.id = field("id").empty() ? std::to_string(number) : field("id");
  result.group = field("group");
  result.start = seconds(row, "start");
  result.end = seconds(row, "end");
  if (result.end && *result.end <= result.start.value_or(0)) {
    fail(row, fmt::format("expected 'end' after 'start', found {} and {}", *result.end, result.start.value_or(0)));
  }
  if (!table_.split.empty()) {
    result.split = table_.split;
  } else if (table_.find("split")) {
    const auto split = canonical_split(field("split"));
    if (!split) fail(row, fmt::format("'split': expected train, val or test, found '{}'", field("split")));
    result.split = *split;
  } else {
    result.split = "train";
  }
  for (size_t m = 0; m < entries_.size(); ++m) result.cells.push_back(cell(row, result, m));
  return result;
}

std::string RowReader::cell(const MetadataTable::Row& row, const ManifestRow& result, size_t m) const {
  const Source& source = sources_[m];
  if (!entries_[m].columns.empty()) return numbers(row, m);
  if (source.columns.empty()) return path(row, result, m);
  const std::string& text = row.fields[source.columns.front()];
  try {
    return text.empty() ? text : with_root(text, entries_[m]);
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
  const auto value = [&](const std::string& name) -> std::string {
    if (const auto column = table_.find(name); column && !(name == "id" && row.fields[*column].empty())) {
      absent = absent || row.fields[*column].empty();
      return row.fields[*column].empty() ? "0" : row.fields[*column];
    }
    if (name == "id") return result.id;
    if (name == "split") return result.split;
    fail(row, fmt::format("modality '{}': path '{}' uses the column '{}', which is not there{}", entries_[m].name,
                          sources_[m].path, name, suggestion(name, table_.columns)));
  };
  try {
    const std::string text = with_root(expand_template(sources_[m].path, value), entries_[m]);
    return absent ? "" : text;
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(table_.file.string())) throw;
    fail(row, fmt::format("modality '{}': {}", entries_[m].name, error.what()));
  }
}

std::optional<double> RowReader::seconds(const MetadataTable::Row& row, const char* column) const {
  const auto position = table_.find(column);
  if (!position || row.fields[*position].empty()) return std::nullopt;
  const std::string& text = row.fields[*position];
  double value = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || rest != text.data() + text.size() || !std::isfinite(value) || value < 0) {
    fail(row, fmt::format("'{}': expected seconds of at least 0, found '{}'", column, text));
  }
  return value;
}

void RowReader::fail(const MetadataTable::Row& row, const std::string& message) const {
  throw Error(ErrorKind::data, fmt::format("{}:{}: {}", table_.file.string(), row.line, message));
}

}  // namespace pdmp
