// CSV as RFC 4180 defines it: quoted fields may hold commas, newlines and doubled quotes; LF, CRLF or CR end a record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/tables/metadata_table.h"

namespace pdmp::data {

// UTF-8 with or without BOM; the header is required; empty lines are skipped. A column without a name (what data frame
// libraries write for their row numbers) is kept and can not be asked for. Error{data} with file and line: unterminated
// quote, wrong number of fields, a column named twice, bytes that are no UTF-8, more than data/tables/metadata_limits.h
// allows.
MetadataTable parse_csv(std::string_view text, const std::filesystem::path& file);
MetadataTable read_csv(const std::filesystem::path& file);
MetadataTable read_csv(const std::filesystem::path& file, const ReadBlocks& read);

// The same without the table, for files that are larger than what is wanted of them: the columns, then row after row.
// `most`: bytes of the file.
using CsvHeaderSink = std::function<void(std::vector<std::string> columns)>;
using CsvRowSink = std::function<void(const MetadataTable::Row& row)>;
void scan_csv(const std::filesystem::path& file, uint64_t most, const CsvHeaderSink& header, const CsvRowSink& row);

// One record with its newline, quoted where that is needed.
std::string csv_record(const std::vector<std::string>& fields);

}  // namespace pdmp::data
