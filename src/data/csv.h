// CSV as RFC 4180 defines it: quoted fields may hold commas, newlines and doubled quotes; LF, CRLF or CR end a record.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/metadata_table.h"

namespace pdmp {

// UTF-8 with or without BOM; the header is required; empty lines are skipped. A column without a name (what data frame
// libraries write for their row numbers) is kept and can not be asked for. Error{data} with file and line: unterminated
// quote, wrong number of fields, a column named twice, bytes that are no UTF-8.
MetadataTable parse_csv(std::string_view text, const std::filesystem::path& file);
MetadataTable read_csv(const std::filesystem::path& file);

// One record with its newline, quoted where that is needed.
std::string csv_record(const std::vector<std::string>& fields);

}  // namespace pdmp
