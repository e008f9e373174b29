// Any bytes as a metadata file, JSON lines where they begin with '{', else CSV: refused with an error, or rows that can
// be written as CSV and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "data/tables/csv.h"
#include "data/tables/jsonl.h"
#include "data/tables/spreadsheet_text.h"
#include "pdmp/error.h"

namespace {

void check(const pdmp::data::MetadataTable& table) {
  // Behind an empty line: a name of a column may be what marks a file's beginning (a byte order mark, "PK\x03\x04").
  std::string text = "\n" + pdmp::data::csv_record(table.columns);
  int64_t line = 0;
  for (const pdmp::data::MetadataTable::Row& row : table.rows) {
    if (row.fields.size() != table.columns.size() || row.line <= line) std::abort();
    line = row.line;
    text += pdmp::data::csv_record(row.fields);
    for (const std::string& field : row.fields) {
      const std::string guarded = pdmp::data::spreadsheet_text(field);
      if (pdmp::data::from_spreadsheet_text(guarded) != field) std::abort();
    }
  }
  if (table.columns.empty()) return;  // of JSON lines without any key
  const pdmp::data::MetadataTable again = pdmp::data::parse_csv(text, "again.csv");
  if (again.columns != table.columns || again.rows.size() != table.rows.size()) std::abort();
  for (size_t i = 0; i < table.rows.size(); ++i) {
    if (again.rows[i].fields != table.rows[i].fields) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    check(text.starts_with('{') ? pdmp::data::parse_jsonl(text, "fuzz.jsonl")
                                : pdmp::data::parse_csv(text, "fuzz.csv"));
  } catch (const pdmp::Error& error) {
    const std::string_view message = error.what();
    if (error.kind() != pdmp::ErrorKind::data || !message.starts_with("fuzz.")) std::abort();
  }
  return 0;
}
