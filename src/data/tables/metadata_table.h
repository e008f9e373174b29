// The rows of a metadata file as text, whatever format they came in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/tables/packed_texts.h"
#include "data/tables/row_iterator.h"

namespace pdmp::data {

// Gives a file block by block.
using TakeBlock = std::function<void(std::string_view block)>;
using ReadBlocks = std::function<void(const TakeBlock& take)>;

struct MetadataTable {
  struct Row {
    int64_t line = 0;                 // 1-based, where the record begins
    std::vector<std::string> fields;  // as many as columns; "" = empty
  };

  // Packed: a table may have a million rows. What they give is a copy.
  class Rows {
   public:
    void add(const Row& row) {
      lines_.push_back(row.line);
      fields_.add(row.fields);
    }
    size_t size() const { return lines_.size(); }
    Row at(size_t i) const { return {lines_.at(i), fields_.list(i)}; }  // std::out_of_range
    Row operator[](size_t i) const { return at(i); }
    RowIterator<Rows> begin() const { return {*this, 0}; }
    RowIterator<Rows> end() const { return {*this, size()}; }

   private:
    std::vector<int64_t> lines_;
    PackedTexts fields_;
  };

  std::filesystem::path file;
  std::string split;  // train | val | test where the file is of one split; "" = see its column
  std::vector<std::string> columns;
  Rows rows;

  std::optional<size_t> find(std::string_view column) const {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] == column) return i;
    }
    return std::nullopt;
  }
};

}  // namespace pdmp::data
