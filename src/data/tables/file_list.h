// The files that one cell of the metadata names, separated by ';'. In a name, "\;" stands for ';'.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pdmp::data {

// A run of backslashes before a ';' halves: "a\;b" is one name, "a\\;b" are "a\" and "b". Elsewhere a backslash is
// itself. Empty names are left out.
std::vector<std::string> split_file_list(std::string_view cell);

// A name as it stands in a list.
std::string escaped_file(std::string_view name);
std::string join_file_list(const std::vector<std::string>& names);

// The one name of a cell that names a single file, where a ';' without a backslash is itself.
std::string unescaped_file(std::string_view cell);

}  // namespace pdmp::data
