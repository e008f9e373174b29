// predictions.csv: what the selected weights said about every held-out sample.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pdmp/trainer.h"

namespace pdmp {

struct ScoredSplit {
  std::string split;  // val | test
  const Dataset& data;
  const Evaluation& evaluation;  // with predictions and probabilities
};

// Columns id, split, label, prediction, then the probability of each class under `probability_<class>`. RFC 4180.
void write_predictions(const std::vector<ScoredSplit>& splits, const std::filesystem::path& path);

}  // namespace pdmp
