// The trainings of a comparison: methods x seeds x fusions, and each modality alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compare/comparison.h"
#include "compare/variant.h"

namespace pdmp::comparing {

struct GridOptions {
  std::vector<Variant> variants;
  std::vector<std::string> fusions;  // empty: the one of `run`
  int64_t seeds = 3;                 // run.train.seed, run.train.seed + 1, ...
  std::string reference;  // name of a row, or "alone:<modality>"; empty: "joint" where it is among the variants
  std::string out;        // folder of everything
  RunOptions run;         // what all trainings share
};

struct GridRun {
  std::string name;  // for people: "pdmp:gamma=5, concat, seed 1"
  RunOptions options;
  std::vector<std::string> needs = {};  // what must be there before: directories of runs, the file of the analysis
};

struct Grid {
  std::vector<GridRun> alone;              // first: some methods learn from them
  std::vector<GridRun> methods;            // seed by seed, so that an early look has all methods
  Comparison comparison;                   // rows with their runs and refusals, to `complete`
  std::vector<std::string> other_batches;  // rows that train on other batches by their nature
  bool needs_ranking = false;
};

// Nothing is trained or written. Rows are n/a where `not_applicable` says so. Runs go to
// OUT/runs/<fusion>/<variant>/seed<k> and OUT/alone/<modality>/seed<k>; all share OUT/analysis.json, and methods that
// learn from models of one modality get those of OUT/alone. Error{usage} on a reference that is not among the rows.
Grid make_grid(const GridOptions& options, const TrainingData& data);

}  // namespace pdmp::comparing
