// What is said of the rows of a comparison beside each other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compare/comparison.h"

namespace pdmp::comparing {

// What is needed of a row's runs beside the row itself, per seed.
struct RowRuns {
  metrics::Hits hits;
  std::vector<Beginning> beginnings;
  std::vector<std::string> traces;  // equal for two runs only where one is the other to the last digit
  int64_t validation_hits = 0;      // over all seeds
  // Sums of Metric::merit over all seeds, where the comparison is by another metric than accuracy.
  double test_merit = 0, validation_merit = 0;
};

// Fills in ranks, contrasts, `best_unimodal`, the gains of controls and `never_acted`. runs[i] belongs to rows[i]; rows
// with a refusal are left alone. Scores of the rows must be there.
//
// The best unimodal model is the one that is best on validation over all seeds, of equals the first; never is it chosen
// on test. With one unimodal row there is nothing to choose; where several have no validation split, none is
// chosen and a note says so.
void judge(Comparison& comparison, const std::vector<RowRuns>& runs);

}  // namespace pdmp::comparing
