// One modality type: how a cell of the manifest becomes a tensor. Interface of src/data/types/*.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/files/file_reading.h"
#include "data/manifest/manifest.h"
#include "pdmp/fwd.h"
#include "pdmp/random.h"
#include "pdmp/registry.h"

namespace pdmp::data {

class SampleCache;

// One cell, resolved.
struct Cell {
  std::string text;                   // as in the manifest: path(s), text, numbers
  std::filesystem::path directory;    // relative paths start here
  std::optional<double> start, end;   // seconds
  SampleCache* cache = nullptr;       // of what decoding its files gives; null: none
  const FileLimits* files = nullptr;  // what its files may cost and where they may lie; null: as usual, anywhere

  const FileLimits& limits() const;
};

class ModalityType {
 public:
  virtual ~ModalityType() = default;
  // Shape of one sample (as ModalityInfo::shape). `first_cell` is the first non-empty cell: types whose shape is in the
  // data (tensor, vector) read it. May be empty.
  virtual std::vector<int64_t> shape(const Cell* first_cell) const = 0;
  // Decodes, transforms, normalises. Thread-safe. `augment` null = evaluation. Error{data} on what does not decode.
  virtual Tensor load(const Cell& cell, RandomStream* augment) const = 0;
  // Whether `load` keeps what it decodes in the cell's cache.
  virtual bool uses_cache() const { return false; }
  // Files a cell needs, for the check that they exist. Empty for text and vector.
  virtual std::vector<std::filesystem::path> files(const Cell&) const { return {}; }
};

struct ModalityTypeInfo {
  const char* name;
  const char* summary;
  CellFiles files;
  // Settings from the manifest entry; unknown or impossible ones are Error{data} naming the modality.
  std::unique_ptr<ModalityType> (*make)(const ModalityEntry& entry);
  const char* encoder = "";  // that a model takes where none is named; "": by the number of dimensions
  bool integers = false;     // inputs are int64, not float32
  bool pictures = false;     // inputs are normalised images (C, ..., H, W)
};
const Registry<ModalityTypeInfo>& modality_type_table();
// Makes one of the caller's known by its name, like those of pdmp. Call it before any other function of pdmp, from one
// thread: in main. Error{usage} where the name is taken or is not of small letters, digits and '_'.
void register_modality_type(ModalityTypeInfo row);
std::unique_ptr<ModalityType> make_modality_type(const ModalityEntry& entry);

// What the row of a type says. Data sets in memory may have types that are in no row: float32, no pictures, no encoder.
bool holds_integers(const std::string& type);
bool holds_pictures(const std::string& type);
std::string encoder_of_type(const std::string& type);

}  // namespace pdmp::data
