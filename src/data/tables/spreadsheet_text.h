// Text fields of CSV files that people open in a spreadsheet, which runs a cell that begins like a formula.
#pragma once

#include <string>
#include <string_view>

namespace pdmp::data {

// `text`, with an apostrophe before it where a spreadsheet would take it for a formula: where, behind blanks and
// quotes, it begins with =, +, -, @ (also in their full width forms), a tab or a line end. Numbers stay as they are.
// csv_record quotes a field that begins with an apostrophe. (OWASP, "CSV Injection".)
std::string spreadsheet_text(std::string_view text);

// The text that spreadsheet_text was given.
std::string from_spreadsheet_text(std::string_view text);

}  // namespace pdmp::data
