// What an analysis trains on and what it is scored on.
#pragma once

#include <memory>
#include <string>

#include "pdmp/dataset.h"

namespace pdmp::analysis {

struct AnalysisData {
  TrainingData splits;       // train and val; test is null
  std::string evaluated_on;  // "val" or "10 % of train"
  double subset = 1;
};

// Without a validation split a tenth of each class of train is held out, the same for every fraction; of what is left
// `subset` of each class is kept, at least one sample. The choice depends on `seed` only.
AnalysisData analysis_data(const TrainingData& data, double subset, uint64_t seed);

// "; data 0123456789abcdef": ids, labels and classes of train and val, whichever sample is in which, which may depend
// on a seed. An analysis of other data is known by it.
std::string data_clause(const TrainingData& data);

}  // namespace pdmp::analysis
