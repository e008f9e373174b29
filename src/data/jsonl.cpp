#include "data/jsonl.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void fail(const std::filesystem::path& file, int64_t line, const std::string& message) {
  throw Error(ErrorKind::data, fmt::format("{}:{}: {}", file.string(), line, message));
}

bool is_scalar(const Json& value) { return value.is_string() || value.is_number() || value.is_boolean(); }

std::string scalar_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

// The text of a cell, nothing where the value is no scalar and no list of scalars.
std::optional<std::string> cell_text(const Json& value) {
  if (value.is_null()) return "";
  if (is_scalar(value)) return scalar_text(value);
  if (!value.is_array()) return std::nullopt;
  std::string text;
  for (const Json& item : value) {
    if (!is_scalar(item)) return std::nullopt;
    if (!text.empty()) text += item.is_string() ? ';' : ',';
    text += scalar_text(item);
  }
  return text;
}

Json parse_line(std::string_view text, const std::filesystem::path& file, int64_t line) {
  try {
    Json object = Json::parse(text);
    if (!object.is_object()) fail(file, line, fmt::format("expected a JSON object, found {}", object.type_name()));
    return object;
  } catch (const Json::exception& error) {
    fail(file, line, fmt::format("expected a JSON object, found something else ({})", error.what()));
  }
}

void add_row(MetadataTable& table, const Json& object, int64_t line) {
  MetadataTable::Row row{line, std::vector<std::string>(table.columns.size())};
  for (const auto& [key, value] : object.items()) {
    auto text = cell_text(value);
    if (!text)
      fail(table.file, line,
           fmt::format("'{}': expected text, a number or a list of these, found {}", key,
                       value.is_object() ? "an object" : "a list of lists or objects"));
    size_t column = table.find(key).value_or(table.columns.size());
    if (column == table.columns.size()) {
      table.columns.push_back(key);
      row.fields.emplace_back();
    }
    row.fields[column] = std::move(*text);
  }
  table.rows.add(row);
}

// Rows before the first that has a key lack its column.
void fill_up(MetadataTable& table) {
  MetadataTable::Rows rows;
  for (MetadataTable::Row row : table.rows) {
    row.fields.resize(table.columns.size());
    rows.add(row);
  }
  table.rows = std::move(rows);
}

}  // namespace

MetadataTable parse_jsonl(std::string_view text, const std::filesystem::path& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  MetadataTable table;
  table.file = file;
  for (int64_t line = 1; !text.empty(); ++line) {
    const std::string_view record = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(record.size() + 1, text.size()));
    if (record.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    add_row(table, parse_line(record, file, line), line);
  }
  fill_up(table);
  return table;
}

MetadataTable read_jsonl(const std::filesystem::path& file) { return parse_jsonl(read_file(file), file); }

}  // namespace pdmp
