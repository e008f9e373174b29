// Lists of files in one cell: cutting and escaping.
#include "data/tables/file_list.h"

#include <algorithm>

namespace pdmp::data {
namespace {

// The end of the run of backslashes that begins at `at`.
size_t end_of_run(std::string_view text, size_t at) { return std::min(text.find_first_not_of('\\', at), text.size()); }

}  // namespace

std::vector<std::string> split_file_list(std::string_view cell) {
  std::vector<std::string> names;
  std::string name;
  const auto end_name = [&] {
    if (!name.empty()) names.push_back(std::move(name));
    name.clear();
  };
  for (size_t at = 0; at < cell.size();) {
    const size_t end = end_of_run(cell, at), count = end - at;
    const bool before_semicolon = end < cell.size() && cell[end] == ';';
    name.append(before_semicolon ? count / 2 : count, '\\');
    if (before_semicolon && count % 2 == 0) {
      end_name();
    } else if (end < cell.size()) {
      name += cell[end];
    }
    at = end + 1;
  }
  end_name();
  return names;
}

std::string escaped_file(std::string_view name) {
  std::string result;
  for (size_t at = 0; at < name.size();) {
    const size_t end = end_of_run(name, at), count = end - at;
    const bool before_semicolon = end < name.size() && name[end] == ';';
    result.append(before_semicolon ? 2 * count + 1 : count, '\\');
    if (end < name.size()) result += name[end];
    at = end + 1;
  }
  return result;
}

std::string join_file_list(const std::vector<std::string>& names) {
  std::string result;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = escaped_file(names[i]);
    result += name;
    if (i + 1 == names.size()) break;
    const size_t last = name.find_last_not_of('\\');
    result.append(name.size() - (last == std::string::npos ? 0 : last + 1), '\\');
    result += ';';
  }
  return result;
}

std::string unescaped_file(std::string_view cell) {
  std::string result;
  for (size_t at = 0; at < cell.size();) {
    const size_t end = end_of_run(cell, at), count = end - at;
    const bool before_semicolon = end < cell.size() && cell[end] == ';';
    result.append(before_semicolon ? count / 2 : count, '\\');
    if (end < cell.size()) result += cell[end];
    at = end + 1;
  }
  return result;
}

}  // namespace pdmp::data
