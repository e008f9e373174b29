// Tables of alternatives: a method, an encoder, a metric is a row, and every row has a `name`.
#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "pdmp/error.h"

namespace pdmp {

// Of all rows, in the order of the table.
template <class Table>
std::vector<std::string> row_names(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table) names.emplace_back(row.name);
  return names;
}

// The row called `name`, or nullptr.
template <class Table>
auto find_row(const Table& table, std::string_view name) -> decltype(&*std::begin(table)) {
  for (const auto& row : table) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

// Error{kind}: "<what> '<name>'", and the nearest of `names`.
[[noreturn]] void refuse_name(ErrorKind kind, std::string_view what, std::string_view name,
                              const std::vector<std::string>& names);

// The row called `name`; refuse_name where there is none. `what`: "unknown optimizer".
template <class Table>
const auto& get_row(const Table& table, std::string_view name, std::string_view what,
                    ErrorKind kind = ErrorKind::usage) {
  const auto* row = find_row(table, name);
  if (row == nullptr) refuse_name(kind, what, name, row_names(table));
  return *row;
}

}  // namespace pdmp
