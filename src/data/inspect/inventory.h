// What a data set holds, from its manifest and the headers of its files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/loader/media_files.h"

namespace pdmp::data {

struct Spread {
  int64_t count = 0;  // 0: nothing to say
  double min = 0, median = 0, max = 0;
};
Spread spread_of(std::vector<double> values);  // of an even number, the median is the mean of the middle two

// One modality in one split.
struct CellCounts {
  int64_t samples = 0;  // of the split
  int64_t empty = 0;    // cells: the sample lacks the modality
  int64_t missing = 0;  // cells that name a file which is not there
};

struct ModalityInventory {
  std::string name, type;
  std::vector<int64_t> shape;               // empty: no sample tells
  std::map<std::string, CellCounts> cells;  // by split
  int64_t files = 0, bytes = 0;             // distinct files
  int64_t unread = 0;                       // of files: those whose header does not say what it should
  std::vector<std::string> unread_files;    // the first five, relative to the data set
  int64_t unparsed = 0;                     // cells whose numbers do not parse
  std::vector<std::string> unparsed_cells;  // the first five: "metadata.csv:7"
  Spread seconds;                           // of the samples' recordings or videos, cut by their start and end
  Spread width, height;                     // of the files
};

struct Inventory {
  std::vector<std::string> splits;                     // that have samples, in the order train, val, test
  std::map<std::string, std::vector<int64_t>> counts;  // by split: samples of each class
  std::vector<ModalityInventory> modalities;           // as in the manifest
  int64_t files = 0, bytes = 0;                        // distinct, over all modalities
};

// Reads headers with `workers` threads and decodes nothing.
Inventory take_inventory(const Manifest& manifest, const MediaFiles& media, int64_t workers);

}  // namespace pdmp::data
