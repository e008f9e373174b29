// predictions.csv: what the selected weights said about every held-out sample.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/files/checked_file.h"
#include "base/files/digest.h"
#include "base/files/file.h"
#include "pdmp/trainer.h"

namespace pdmp::runs {

// Writes it while samples are scored: the probabilities of all of them can be more than memory holds. Columns id,
// split, label, prediction, then the probability of each class under `probability_<class>`. RFC 4180; ids and classes
// that a spreadsheet would run as formulas have an apostrophe before them (data/tables/spreadsheet_text.h).
class PredictionsFile {
 public:
  explicit PredictionsFile(const std::filesystem::path& path) : file_(path) {}

  // For `evaluate` on this split, which must end before the next one begins.
  PredictionSink of_split(const std::string& split, const Dataset& data);
  FileDigest commit();  // the file is there, whole, from here on

 private:
  void add(const std::string& split, const Dataset& data, const Tensor& predictions, const Tensor& probabilities);

  void append(const std::string& text);

  FileReplacement file_;
  Digest digest_;  // of what was appended
  uint64_t bytes_ = 0;
  bool begun_ = false;
  int64_t next_ = 0;  // sample of the split
};

struct Prediction {
  std::string id, label, prediction;
};
// Those of one split, in the order of the file. Error{data} naming file and line.
std::vector<Prediction> read_predictions(const std::filesystem::path& file, const std::string& split);

}  // namespace pdmp::runs
