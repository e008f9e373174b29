// predictions.csv: what the selected weights said about every held-out sample.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/checked_file.h"
#include "pdmp/trainer.h"

namespace pdmp {

struct ScoredSplit {
  std::string split;  // val | test
  const Dataset& data;
  const Evaluation& evaluation;  // with predictions and probabilities
};

// Columns id, split, label, prediction, then the probability of each class under `probability_<class>`. RFC 4180.
FileDigest write_predictions(const std::vector<ScoredSplit>& splits, const std::filesystem::path& path);

struct Prediction {
  std::string id, label, prediction;
};
// Those of one split, in the order of the file. Error{data} naming file and line.
std::vector<Prediction> read_predictions(const std::filesystem::path& file, const std::string& split);

}  // namespace pdmp
