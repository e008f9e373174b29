// The samples of a data set, as a manifest keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/tables/packed_texts.h"
#include "data/tables/row_iterator.h"

namespace pdmp::data {

struct ManifestRow {
  std::string id, split;  // split: train | val | test
  int64_t label = 0;
  std::string file;                  // of metadata: "metadata.csv", or "train.csv" ...
  int64_t line = 0;                  // 1-based, of that file
  std::string group;                 // "" where there is none
  std::vector<std::string> cells;    // per modality: path, text or comma-joined numbers; "" = absent
  std::optional<double> start, end;  // seconds
};

// Kept packed, about 50 bytes a row and its texts, for as long as a training runs. A row is made when it is asked for:
// hold it by value.
class ManifestRows {
 public:
  void reserve(size_t rows);
  void add(const ManifestRow& row);

  bool empty() const { return facts_.empty(); }
  size_t size() const { return facts_.size(); }
  ManifestRow at(size_t i) const;  // std::out_of_range, as do the others
  ManifestRow operator[](size_t i) const { return at(i); }
  RowIterator<ManifestRows> begin() const { return {*this, 0}; }
  RowIterator<ManifestRows> end() const { return {*this, size()}; }

  // Without making the row.
  std::string_view id(size_t i) const;  // valid until the next `add`
  int64_t label(size_t i) const { return facts_.at(i).label; }
  const std::string& split(size_t i) const { return names_[facts_.at(i).split]; }
  bool has_split(const std::string& split) const;

  void set_label(size_t i, int64_t label) { facts_.at(i).label = label; }
  void set_split(size_t i, const std::string& split) { facts_.at(i).split = number_of(split); }

 private:
  struct Facts {
    int64_t label, line;
    double start, end;     // NaN where there is none
    uint32_t split, file;  // positions in names_
  };

  uint32_t number_of(const std::string& name);

  std::vector<Facts> facts_;
  PackedTexts texts_;               // id, group, cells
  std::vector<std::string> names_;  // of splits and files: a few
};

}  // namespace pdmp::data
