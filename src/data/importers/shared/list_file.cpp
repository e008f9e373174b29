#include "data/importers/shared/list_file.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files/file.h"
#include "base/text/utf8.h"
#include "data/tables/metadata_limits.h"
#include "data/tables/table_text.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLfsPointer = "version https://git-lfs";

void check_content(std::string_view text, const fs::path& file) {
  if (text.starts_with(kLfsPointer)) {
    throw Error(ErrorKind::data, fmt::format("{}: expected a list, found a Git LFS pointer; run `git lfs pull` in the "
                                             "download, or download the file itself",
                                             file.string()));
  }
  if (const std::string found = foreign_encoding(text); !found.empty()) {
    throw Error(ErrorKind::data, fmt::format("{}: expected UTF-8, found {}", file.string(), found));
  }
  if (const size_t at = text.find('\0'); at != std::string_view::npos) {
    throw Error(ErrorKind::data, fmt::format("{}: expected a list, found {}", file.string(), zero_bytes(text, at)));
  }
  if (const auto at = find_invalid_utf8(text)) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*at), '\n');
    throw Error(ErrorKind::data, fmt::format("{}:{}: expected UTF-8, found byte 0x{:02x}; save the file as UTF-8",
                                             file.string(), line, static_cast<unsigned char>(text[*at])));
  }
}

}  // namespace

void ListFile::refuse(const Line& line, std::string_view expected) const {
  throw Error(
      ErrorKind::data,
      fmt::format("{}:{}: expected {}, found '{}'; use the published list, or correct the line", file.string(),
                  line.number, expected, line.text),
      {.expected = std::string(expected), .found = std::string(line.text), .file = file.string(), .line = line.number});
}

ListFile read_list(const fs::path& file) {
  const std::string content = read_regular_file(file, kMostMetadataBytes);
  std::string_view text = content;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  check_content(text, file);
  ListFile list{file, {}};
  int64_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    if (!line.empty()) list.lines.push_back({std::string(line), number});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (list.lines.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected a list, found an empty file; download it again", file.string()));
  }
  return list;
}

std::optional<fs::path> find_list(const std::vector<fs::path>& folders, const std::vector<std::string>& names) {
  for (const fs::path& folder : folders) {
    for (const std::string& name : names) {
      std::error_code ignored;
      if (fs::is_regular_file(folder / name, ignored)) return folder / name;
    }
  }
  return std::nullopt;
}

fs::path require_list(const std::vector<fs::path>& folders, const std::vector<std::string>& names) {
  if (const auto found = find_list(folders, names)) return *found;
  std::vector<std::string> places;
  for (const fs::path& folder : folders) places.push_back(folder.string());
  throw Error(ErrorKind::io, fmt::format("expected the list {}, found none in {}; name its folder with `lists`",
                                         fmt::join(names, " or "), fmt::join(places, ", ")));
}

std::optional<std::vector<std::string>> split_fields(std::string_view line, char separator) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"' && (quoted || (fields.back().empty() && (i == 0 || line[i - 1] == separator)))) {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return fields;
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc() || rest != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool is_plain_name(std::string_view name) {
  const auto is_fine = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '/' && c != '\\'; };
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), is_fine);
}

}  // namespace pdmp::data
