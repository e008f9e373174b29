// Whether all of a data set decodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/manifest/manifest.h"

namespace pdmp::data {

struct CheckCount {
  std::string split, modality;
  int64_t cells = 0, failed = 0;  // cells: those that are not empty
};

struct CheckFailure {
  std::string split, modality, id, file;  // file: of metadata
  int64_t line = 0;                       // of that file
  std::string cell, reason;               // cell: path or text, as in the manifest
};

struct DecodeCheck {
  std::vector<CheckCount> counts;      // by split, then modality
  std::vector<CheckFailure> failures;  // in the same order, rows in that of the manifest
};

// Loads every cell of these splits as evaluation does, with `workers` threads and a progress bar; nothing is kept. A
// cell fails where its type cannot load it or its shape is not that of the others.
DecodeCheck check_decoding(const Manifest& manifest, const std::vector<std::string>& splits, int64_t workers);

}  // namespace pdmp::data
