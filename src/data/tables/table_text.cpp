// Tables as spreadsheets and other programs leave them: encodings, padding and separators, in words.
#include "data/tables/table_text.h"

#include <algorithm>
#include <fmt/format.h>

namespace pdmp::data {
namespace {

constexpr const char* kSaveAsUtf8 = "save the file as UTF-8";

// UTF-16 of mostly Latin text has a byte of 0 in nearly every character, always on the same side.
const char* unmarked_utf16(std::string_view beginning) {
  constexpr size_t kLooked = 64;
  const size_t length = std::min(kLooked, beginning.size()) / 2 * 2;
  size_t even = 0, odd = 0;
  for (size_t i = 0; i < length; ++i) {
    if (beginning[i] == '\0') ++(i % 2 == 0 ? even : odd);
  }
  if (length < 4 || (even > 0) == (odd > 0) || 8 * std::max(even, odd) < 3 * length) return nullptr;
  return even > 0 ? "UTF-16BE" : "UTF-16LE";
}

struct Counts {
  size_t commas = 0, semicolons = 0, tabs = 0, bars = 0;
};

// Of the first record, outside of quotes.
Counts count_separators(std::string_view text) {
  Counts counts;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    counts.commas += c == ',' ? 1 : 0;
    counts.semicolons += c == ';' ? 1 : 0;
    counts.tabs += c == '\t' ? 1 : 0;
    counts.bars += c == '|' ? 1 : 0;
  }
  return counts;
}

}  // namespace

std::string foreign_encoding(std::string_view beginning) {
  using namespace std::string_view_literals;
  if (beginning.starts_with("\xFF\xFE\0\0"sv) || beginning.starts_with("\0\0\xFE\xFF"sv)) {
    return fmt::format("UTF-32; {}", kSaveAsUtf8);
  }
  if (beginning.starts_with("\xFF\xFE") || beginning.starts_with("\xFE\xFF")) {
    return fmt::format("UTF-16; {}", kSaveAsUtf8);
  }
  if (const char* encoding = unmarked_utf16(beginning)) {
    return fmt::format("UTF-16 without a byte-order mark; {} (iconv -f {} -t UTF-8)", kSaveAsUtf8, encoding);
  }
  if (beginning.starts_with("PK\x03\x04")) return "a zip archive, perhaps of a spreadsheet; export it as CSV";
  if (beginning.starts_with("\x1F\x8B")) return "a file compressed with gzip; unpack it with gunzip";
  return "";
}

std::string zero_bytes(std::string_view text, size_t at) {
  const bool to_the_end = text.find_first_not_of(std::string_view("\0\r\n", 3), at) == std::string_view::npos;
  return to_the_end ? "bytes of 0 up to the end of the file: it was not written or copied to its end; copy it again, "
                      "or remove them"
                    : "a byte of 0 amid the text; remove it, or write the file again";
}

std::string foreign_separator(std::string_view text) {
  const Counts counts = count_separators(text);
  if (counts.commas > 0) return "";
  if (counts.semicolons > 0 && counts.semicolons >= counts.tabs) {
    return "semicolons; save the table with commas, and its numbers with decimal points";
  }
  if (counts.tabs > 0) return "tabs; save the table with commas";
  if (counts.bars > 0) return "bars ('|'); save the table with commas";
  return "";
}

}  // namespace pdmp::data
