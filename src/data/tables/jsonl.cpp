#include "data/tables/jsonl.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <unordered_map>

#include "base/files/file.h"
#include "base/text/json.h"
#include "data/tables/file_list.h"
#include "data/tables/metadata_limits.h"
#include "data/tables/table_text.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

using Json = nlohmann::json;

[[noreturn]] void fail(const std::filesystem::path& file, int64_t line, const std::string& message) {
  throw Error(ErrorKind::data, fmt::format("{}:{}: {}", file.string(), line, message),
              {.file = file.string(), .line = line});
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
    text += item.is_string() ? escaped_file(item.get<std::string>()) : scalar_text(item);
  }
  return text;
}

// What stands in the place of a cell.
const char* other_value(const Json& value) {
  if (value.is_object()) return "an object";
  const bool has_null = std::any_of(value.begin(), value.end(), [](const Json& item) { return item.is_null(); });
  return has_null ? "null in a list" : "a list of lists or objects";
}

// Rows as they are read: a row has cells up to the last column that it or a row before it brought in.
class TableBuilder {
 public:
  explicit TableBuilder(const std::filesystem::path& file) { table_.file = file; }

  void add(std::string_view record, int64_t line) {
    MetadataTable::Row row{line, std::vector<std::string>(table_.columns.size())};
    for (const auto& [key, value] : members_of(record, line)) {
      const size_t column = column_of(key, line);
      row.fields.resize(std::max(row.fields.size(), column + 1));
      row.fields[column] = text_of(key, value, line);
    }
    if ((table_.rows.size() + 1) * table_.columns.size() > kMostCells) {
      fail(table_.file, line,
           fmt::format("expected at most {} rows times columns, found more; every key is a column of "
                       "all rows: give rows the same keys",
                       kMostCells));
    }
    table_.rows.add(row);
  }

  // Rows before the first that has a key lack its column.
  MetadataTable finish() {
    MetadataTable::Rows rows;
    for (MetadataTable::Row row : table_.rows) {
      row.fields.resize(table_.columns.size());
      rows.add(row);
    }
    table_.rows = std::move(rows);
    return std::move(table_);
  }

 private:
  JsonMembers members_of(std::string_view record, int64_t line) const {
    try {
      return parse_json_object(record, kDescriptionLimits);
    } catch (const JsonFault& fault) {
      fail(table_.file, line, fmt::format("expected a JSON object, found {}", fault.what()));
    }
  }

  size_t column_of(const std::string& key, int64_t line) {
    if (key.find('\0') != std::string::npos) fail(table_.file, line, "expected keys of text, found a code of 0 in one");
    const auto [found, fresh] = positions_.try_emplace(key, table_.columns.size());
    if (!fresh) return found->second;
    if (table_.columns.size() == kMostColumns) {
      fail(table_.file, line, fmt::format("expected at most {} different keys, found more", kMostColumns));
    }
    table_.columns.push_back(key);
    return found->second;
  }

  std::string text_of(const std::string& key, const Json& value, int64_t line) const {
    std::optional<std::string> text = cell_text(value);
    if (!text) {
      fail(table_.file, line,
           fmt::format("'{}': expected text, a number or a list of these, found {}", key, other_value(value)));
    }
    if (text->find('\0') != std::string::npos) {
      fail(table_.file, line, fmt::format("'{}': expected text, found a character of code 0; remove it", key));
    }
    if (text->size() > kMostFieldBytes) {
      fail(table_.file, line,
           fmt::format("'{}': expected at most {} bytes, found {}", key, kMostFieldBytes, text->size()));
    }
    return std::move(*text);
  }

  MetadataTable table_;
  std::unordered_map<std::string, size_t> positions_;  // of columns
};

// Cuts a text that comes in blocks into lines.
class LineScanner {
 public:
  explicit LineScanner(const std::filesystem::path& file, int64_t line = 1)
      : builder_(file), file_(file), line_(line) {}

  void add(std::string_view block) {
    if (line_ == 1 && pending_.empty()) check_encoding(block);
    for (size_t end = block.find('\n'); end != std::string_view::npos; end = block.find('\n')) {
      pending_ += block.substr(0, end);
      end_line();
      block.remove_prefix(end + 1);
    }
    pending_ += block;
    if (pending_.size() > kDescriptionLimits.bytes) {
      fail(file_, line_,
           fmt::format("expected lines of at most {} MiB, found a longer one", kDescriptionLimits.bytes >> 20));
    }
  }

  MetadataTable finish() {
    end_line();
    return builder_.finish();
  }

 private:
  void end_line() {
    std::string_view record = pending_;
    if (line_ == 1 && record.starts_with("\xEF\xBB\xBF")) record.remove_prefix(3);
    if (const size_t at = record.find('\0'); at != std::string_view::npos) {
      fail(file_, line_, fmt::format("expected text, found {}", zero_bytes(record, at)));
    }
    if (record.find_first_not_of(" \t\r") != std::string_view::npos) builder_.add(record, line_);
    pending_.clear();
    ++line_;
  }

  void check_encoding(std::string_view beginning) const {
    const std::string found = foreign_encoding(beginning);
    if (!found.empty()) fail(file_, 1, fmt::format("expected UTF-8, found {}", found));
  }

  TableBuilder builder_;
  const std::filesystem::path& file_;
  std::string pending_;  // the line that has not ended
  int64_t line_;
};

}  // namespace

MetadataTable parse_jsonl(std::string_view text, const std::filesystem::path& file, int64_t line) {
  LineScanner lines(file, line);
  lines.add(text);
  return lines.finish();
}

std::string text_of_member(std::string_view record, const std::string& key) {
  try {
    for (const auto& [name, value] : parse_json_object(record, kDescriptionLimits)) {
      if (name == key && is_scalar(value)) return scalar_text(value);
    }
  } catch (const JsonFault&) {
    // No object has no members.
  }
  return "";
}

MetadataTable read_jsonl(const std::filesystem::path& file) {
  return read_jsonl(file, [&](const TakeBlock& take) { read_blocks(file, kMostMetadataBytes, take); });
}

MetadataTable read_jsonl(const std::filesystem::path& file, const ReadBlocks& read) {
  LineScanner lines(file);
  read([&](std::string_view block) { lines.add(block); });
  return lines.finish();
}

}  // namespace pdmp::data
