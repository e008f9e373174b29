// Tables of alternatives: a method, an encoder, a metric is a row, and every row has a `name`.
#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pdmp/error.h"
#include "pdmp/registry.h"

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

// Error{kind}: "<what> '<name>'", and the nearest of `names`. `name` is what was found.
[[noreturn]] void refuse_name(ErrorKind kind, std::string_view what, std::string_view name,
                              const std::vector<std::string>& names);

// Adds a row of the caller's. Error{usage} where its name is taken, or is none that a flag and a file can hold: small
// letters, digits and '_', a letter first. `what`: "method".
void expect_new_name(std::string_view name, std::string_view what, const std::vector<std::string>& taken);
template <class Row>
void add_row(Registry<Row>& table, Row row, std::string_view what) {
  expect_new_name(row.name, what, row_names(table));
  table.push_back(std::move(row));
}

// The row called `name`; refuse_name where there is none. `what`: "unknown optimizer".
template <class Table>
const auto& get_row(const Table& table, std::string_view name, std::string_view what,
                    ErrorKind kind = ErrorKind::usage) {
  const auto* row = find_row(table, name);
  if (row == nullptr) refuse_name(kind, what, name, row_names(table));
  return *row;
}

}  // namespace pdmp
