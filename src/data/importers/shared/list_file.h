// The list files of public data sets, with the oddities their copies come with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pdmp::data {

struct ListFile {
  struct Line {
    std::string text;
    int64_t number = 0;  // 1-based
  };
  std::filesystem::path file;
  std::vector<Line> lines;  // without empty ones; a byte-order mark and the ends of lines (LF, CRLF) are gone

  // Error{data}: "train.csv:7: expected <expected>, found '<text>'; ..."
  [[noreturn]] void refuse(const Line& line, std::string_view expected) const;
};

// Error{io} where it cannot be read, Error{data} where it is no UTF-8, a Git LFS pointer or empty.
ListFile read_list(const std::filesystem::path& file);

// The first of `names` that is in one of `folders`; nothing where none is.
std::optional<std::filesystem::path> find_list(const std::vector<std::filesystem::path>& folders,
                                               const std::vector<std::string>& names);
// As above; Error{io} naming where it was looked for and --lists.
std::filesystem::path require_list(const std::vector<std::filesystem::path>& folders,
                                   const std::vector<std::string>& names);

// Fields of one line. A field that begins with a quote goes on to the next lone quote, whatever it holds; "" is a
// quote. Nothing where such a field never ends.
std::optional<std::vector<std::string>> split_fields(std::string_view line, char separator);

std::optional<int64_t> whole_number(std::string_view text);  // >= 0

// Whether a list may name it: a plain file name, which leads out of no folder.
bool is_plain_name(std::string_view name);

}  // namespace pdmp::data
