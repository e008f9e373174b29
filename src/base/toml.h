// The part of TOML that config files use: comments, [sections], dotted keys, strings in " or ', numbers, booleans and
// arrays of those over any number of lines. CLI11's reader is not used: it ends a string at '#', knows no escapes and
// no line numbers, and takes a misspelt line for a flag.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pdmp {

struct TomlEntry {
  std::string key;   // with its section: "pdmp.gamma"
  std::string text;  // unquoted; the items of an array joined by commas
  int line = 0;      // 1-based
};

// In the order of the file. Throws Error{data} that begins with `path` and the line.
std::vector<TomlEntry> parse_toml(std::string_view content, const std::string& path);

// `text` as a TOML string, quoted and escaped.
std::string toml_string(const std::string& text);

}  // namespace pdmp
