// Config files: what toml++ reads of TOML, as the options take it: keys with their sections, and text. Strings stand on
// one line; dates, inline tables and arrays of tables mean nothing to an option and are refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pdmp {

struct TomlEntry {
  std::string key;   // with its section: "pdmp.gamma"
  std::string text;  // unquoted; the items of an array joined by commas
  int line = 0;      // 1-based
};

inline constexpr uint64_t kMostTomlBytes = uint64_t{1} << 20;

// In the order of the file. Throws Error{data} that begins with `path` and the line. Bytes that are no UTF-8 are kept:
// paths have them.
std::vector<TomlEntry> parse_toml(std::string_view content, const std::string& path);

// `text` as a TOML string, quoted and escaped.
std::string toml_string(const std::string& text);

}  // namespace pdmp
