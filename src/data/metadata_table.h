// The rows of a metadata file as text, whatever format they came in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pdmp {

struct MetadataTable {
  struct Row {
    int64_t line = 0;                 // 1-based, where the record begins
    std::vector<std::string> fields;  // as many as columns; "" = empty
  };
  std::filesystem::path file;
  std::string split;  // train | val | test where the file is of one split; "" = see its column
  std::vector<std::string> columns;
  std::vector<Row> rows;

  std::optional<size_t> find(std::string_view column) const {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] == column) return i;
    }
    return std::nullopt;
  }
};

}  // namespace pdmp
