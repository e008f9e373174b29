#include "data/csv.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/file.h"
#include "data/utf8.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

// Reads one record after the other and counts lines.
class CsvReader {
 public:
  CsvReader(std::string_view text, const std::filesystem::path& file) : text_(text), file_(file) {}

  // False at the end of the text.
  bool next(MetadataTable::Row& row) {
    skip_empty_lines();
    if (at_end()) return false;
    row.line = line_;
    row.fields.clear();
    do {
      row.fields.push_back(peek() == '"' ? quoted_field() : plain_field());
    } while (take(','));
    end_line();
    return true;
  }

  [[noreturn]] void fail(int64_t line, const std::string& message) const {
    throw Error(ErrorKind::data, fmt::format("{}:{}: {}", file_.string(), line, message));
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\n' : text_[at_]; }
  bool at_newline() const { return peek() == '\n' || peek() == '\r'; }

  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void end_line() {
    if (at_end()) return;
    if (take('\r')) {
      take('\n');
    } else {
      take('\n');
    }
    ++line_;
  }

  void skip_empty_lines() {
    while (!at_end() && at_newline()) end_line();
  }

  std::string plain_field() {
    const size_t begin = at_;
    while (!at_newline() && peek() != ',') {
      if (peek() == '"') {
        fail(line_, "a quote inside a field without quotes; put the field in quotes and double the quote inside it");
      }
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string quoted_field() {
    const int64_t first_line = line_;
    std::string field;
    ++at_;
    while (true) {
      if (at_end()) fail(first_line, "a quoted field begins here and never ends; close its quote");
      const char c = text_[at_++];
      if (c == '"' && !take('"')) break;
      if (c == '\n') ++line_;
      field += c;
    }
    if (!at_newline() && peek() != ',') {
      fail(line_, fmt::format("expected a comma or the end of the line after a closing quote, found '{}'", peek()));
    }
    return field;
  }

  std::string_view text_;
  const std::filesystem::path& file_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

std::string_view without_bom(std::string_view text) { return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text; }

void check_encoding(std::string_view text, const CsvReader& reader) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    reader.fail(1, "expected UTF-8, found UTF-16; save the file as UTF-8");
  }
  if (const auto at = find_invalid_utf8(text)) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*at), '\n');
    reader.fail(line, fmt::format("expected UTF-8, found byte 0x{:02x}; save the file as UTF-8",
                                  static_cast<unsigned char>(text[*at])));
  }
}

void read_header(CsvReader& reader, MetadataTable& table) {
  MetadataTable::Row header;
  if (!reader.next(header)) reader.fail(1, "expected a header line with the names of the columns, found an empty file");
  std::set<std::string> seen;
  for (const std::string& name : header.fields) {
    if (!name.empty() && !seen.insert(name).second) {
      reader.fail(header.line, fmt::format("column '{}' is there twice; rename or remove one", name));
    }
  }
  table.columns = std::move(header.fields);
}

}  // namespace

MetadataTable parse_csv(std::string_view text, const std::filesystem::path& file) {
  text = without_bom(text);
  CsvReader reader(text, file);
  check_encoding(text, reader);
  MetadataTable table;
  table.file = file;
  read_header(reader, table);
  MetadataTable::Row row;
  while (reader.next(row)) {
    if (row.fields.size() != table.columns.size()) {
      reader.fail(row.line, fmt::format("expected {} fields as in the header, found {}; a field that holds a comma "
                                        "needs quotes",
                                        table.columns.size(), row.fields.size()));
    }
    table.rows.add(row);
  }
  return table;
}

MetadataTable read_csv(const std::filesystem::path& file) { return parse_csv(read_file(file), file); }

std::string csv_record(const std::vector<std::string>& fields) {
  std::string record;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) record += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      record += fields[i];
      continue;
    }
    record += '"';
    for (const char c : fields[i]) record += c == '"' ? std::string("\"\"") : std::string(1, c);
    record += '"';
  }
  // A record of one empty field would be an empty line, which readers skip.
  return (record.empty() ? "\"\"" : record) + "\n";
}

}  // namespace pdmp
