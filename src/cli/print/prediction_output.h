// How `pdmp predict` prints what a model says of rows, as they come. Classes are in the order of model.json.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "pdmp/trained_model.h"

namespace pdmp::cli {

class PredictionOutput {
 public:
  virtual ~PredictionOutput() = default;
  virtual void add(const std::vector<Prediction>& batch) = 0;
  virtual void finish() {}
};

//   table  id, class, probability; ids and classes of at most 64 characters; aligned within a batch and with those
//   before json   one list; of each row id, class, probability and the probability of every class, or id and error
//   lines  the same objects, one a line, flushed at once
//   csv    id, prediction, probability_<class>..., error: numbers and guarded texts as in predictions.csv
enum class PredictionFormat { table, json, lines, csv };
std::unique_ptr<PredictionOutput> make_prediction_output(PredictionFormat format,
                                                         const std::vector<std::string>& classes, std::ostream& out);

}  // namespace pdmp::cli
