#include "data/tables/csv.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "base/files/file.h"
#include "base/text/utf8.h"
#include "data/tables/metadata_limits.h"
#include "data/tables/table_text.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

// Reads one record after the other and counts lines.
class CsvReader {
 public:
  CsvReader(std::string_view text, const std::filesystem::path& file, int64_t line)
      : text_(text), file_(file), line_(line) {}

  // False at the end of the text.
  bool next(MetadataTable::Row& row) {
    skip_empty_lines();
    if (at_end()) return false;
    row.line = line_;
    row.fields.clear();
    do {
      if (row.fields.size() == kMostColumns) {
        fail(row.line, fmt::format("expected at most {} fields, found more", kMostColumns));
      }
      row.fields.push_back(peek() == '"' ? quoted_field() : plain_field());
    } while (take(','));
    end_line();
    return true;
  }

  int64_t line() const { return line_; }

  [[noreturn]] void fail(int64_t line, const std::string& message) const {
    throw Error(ErrorKind::data, fmt::format("{}:{}: {}", file_.string(), line, message),
                {.file = file_.string(), .line = line});
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
    check_length(line_, at_ - begin);
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
      check_length(first_line, field.size());
    }
    if (!at_newline() && peek() != ',') {
      fail(line_, fmt::format("expected a comma or the end of the line after a closing quote, found '{}'", peek()));
    }
    return field;
  }

  void check_length(int64_t line, size_t bytes) const {
    if (bytes <= kMostFieldBytes) return;
    fail(line, fmt::format("expected fields of at most {} bytes, found a longer one", kMostFieldBytes));
  }

  std::string_view text_;
  const std::filesystem::path& file_;
  size_t at_ = 0;
  int64_t line_;
};

// Cuts a text that comes in blocks into pieces that end where a record does, and gives out the records.
class CsvScanner {
 public:
  CsvScanner(const std::filesystem::path& file, const CsvHeaderSink& header, const CsvRowSink& row)
      : file_(file), header_(header), row_(row) {}

  void add(std::string_view block) {
    pending_ += block;
    if (line_ == 0 && pending_.size() < kTelling) return;
    if (line_ == 0) begin();
    const size_t end = last_record_end();
    // A record this long has a field that is too long, too many fields, or a quote in a wrong place: it is parsed as
    // far as it goes to say which.
    if (end == 0 && pending_.size() > kMostRecordBytes) parse(pending_);
    if (end == 0) return;
    parse(std::string_view(pending_).substr(0, end));
    pending_.erase(0, end);
    scanned_ -= end;
  }

  void finish() {
    if (line_ == 0) begin();
    parse(pending_);
    if (!has_header_) {
      fail(1, "expected a header line with the names of the columns, found an empty file");
    }
  }

 private:
  static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  static constexpr size_t kTelling = 64;  // bytes that tell the encoding, where the file has as many
  static constexpr size_t kMostRecordBytes = size_t{64} << 20;

  [[noreturn]] void fail(int64_t line, const std::string& message) const {
    CsvReader("", file_, line).fail(line, message);
  }

  void begin() {
    line_ = 1;
    if (pending_.starts_with(kByteOrderMark)) pending_.erase(0, kByteOrderMark.size());
    if (const std::string found = foreign_encoding(pending_); !found.empty()) {
      fail(1, fmt::format("expected UTF-8, found {}", found));
    }
  }

  // Behind the last line end outside of quotes; 0 where there is none. Of a carriage return at the very end it is not
  // known whether its newline follows.
  size_t last_record_end() {
    for (; scanned_ < pending_.size(); ++scanned_) {
      const char c = pending_[scanned_];
      if (c == '"') quoted_ = !quoted_;
      if (quoted_ || (c != '\n' && c != '\r')) continue;
      const bool last = scanned_ + 1 == pending_.size();
      if (c == '\r' && last) break;
      if (c == '\n' || pending_[scanned_ + 1] != '\n') record_end_ = scanned_ + 1;
    }
    return std::exchange(record_end_, 0);
  }

  void parse(std::string_view text) {
    check_encoding(text);
    if (!has_header_) check_separator(text);
    CsvReader reader(text, file_, line_);
    MetadataTable::Row row;
    while (reader.next(row)) take(row);
    line_ = reader.line();
  }

  void check_encoding(std::string_view text) const {
    if (const size_t at = text.find('\0'); at != std::string_view::npos) {
      fail(line_of(text, at), fmt::format("expected text, found {}", zero_bytes(text, at)));
    }
    const auto at = find_invalid_utf8(text);
    if (!at) return;
    fail(line_of(text, *at), fmt::format("expected UTF-8, found byte 0x{:02x}; save the file as UTF-8",
                                         static_cast<unsigned char>(text[*at])));
  }

  int64_t line_of(std::string_view text, size_t at) const {
    return line_ + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  }

  void check_separator(std::string_view text) const {
    const size_t begin = std::min(text.find_first_not_of("\r\n"), text.size());
    if (const std::string found = foreign_separator(text.substr(begin)); !found.empty()) {
      fail(line_of(text, begin),
           fmt::format("expected the columns of the header to be separated by commas, found {}", found));
    }
  }

  void take(MetadataTable::Row& row) {
    if (!has_header_) {
      has_header_ = true;
      columns_ = row.fields.size();
      check_header(row);
      header_(std::move(row.fields));
    } else if (row.fields.size() != columns_) {
      fail(row.line,
           fmt::format("expected {} fields as in the header, found {}; a field that holds a comma needs quotes, a "
                       "number a decimal point",
                       columns_, row.fields.size()));
    } else {
      row_(row);
    }
  }

  void check_header(const MetadataTable::Row& header) const {
    std::set<std::string> seen;
    for (const std::string& name : header.fields) {
      if (!name.empty() && !seen.insert(name).second) {
        fail(header.line, fmt::format("column '{}' is there twice; rename or remove one", name));
      }
    }
  }

  const std::filesystem::path& file_;
  const CsvHeaderSink& header_;
  const CsvRowSink& row_;
  std::string pending_;    // not parsed yet
  size_t scanned_ = 0;     // of `pending_`, for ends of records
  size_t record_end_ = 0;  // the last one found there
  bool quoted_ = false;    // at `scanned_`
  int64_t line_ = 0;       // where `pending_` begins; 0: nothing was read
  bool has_header_ = false;
  size_t columns_ = 0;
};

// The sinks that fill a table.
class TableSinks {
 public:
  explicit TableSinks(const std::filesystem::path& file) { table_.file = file; }
  CsvHeaderSink header = [this](std::vector<std::string> columns) { table_.columns = std::move(columns); };
  CsvRowSink row = [this](const MetadataTable::Row& found) { table_.rows.add(found); };
  MetadataTable take() { return std::move(table_); }

 private:
  MetadataTable table_;
};

}  // namespace

MetadataTable parse_csv(std::string_view text, const std::filesystem::path& file) {
  TableSinks sinks(file);
  CsvScanner scanner(file, sinks.header, sinks.row);
  scanner.add(text);
  scanner.finish();
  return sinks.take();
}

MetadataTable read_csv(const std::filesystem::path& file) {
  return read_csv(file, [&](const TakeBlock& take) { read_blocks(file, kMostMetadataBytes, take); });
}

MetadataTable read_csv(const std::filesystem::path& file, const ReadBlocks& read) {
  TableSinks sinks(file);
  CsvScanner scanner(file, sinks.header, sinks.row);
  read([&](std::string_view block) { scanner.add(block); });
  scanner.finish();
  return sinks.take();
}

void scan_csv(const std::filesystem::path& file, uint64_t most, const CsvHeaderSink& header, const CsvRowSink& row) {
  CsvScanner scanner(file, header, row);
  read_blocks(file, most, [&](std::string_view block) { scanner.add(block); });
  scanner.finish();
}

std::string csv_record(const std::vector<std::string>& fields) {
  std::string record;
  // Alone in its record, a field with other separators would look like a table of those.
  const char* special = fields.size() == 1 ? ",\"\r\n;\t|" : ",\"\r\n";
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) record += ',';
    const bool plain = fields[i].find_first_of(special) == std::string::npos && !fields[i].starts_with('\'');
    if (plain) {
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

}  // namespace pdmp::data
