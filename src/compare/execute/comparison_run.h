// A comparison from its options to its tables: planned, estimated or trained.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/files/folder_lock.h"
#include "compare/execute/comparison_cost.h"
#include "compare/execute/resource_plan.h"
#include "compare/failures.h"
#include "compare/grid.h"
#include "pdmp/compare.h"

namespace pdmp::comparing {

class ComparisonRun {
 public:
  // Reads the data and checks all that can be known before training. Writes nothing, but for the lock of a folder that
  // is there. Error{usage}, {data} where the options, the data or runs that are there do not allow it, {busy} where
  // another process works in the folder. `only_plan`: for `cost` alone, in a folder that others may work in.
  explicit ComparisonRun(ComparisonOptions options, bool only_plan = false);

  // What training would cost, from a few steps; nothing stays on disk.
  ComparisonCost cost();
  // Trains what is not finished, with progress; completes the comparison and writes comparison.{json,csv,md}. A failure
  // of one training does not stop the others. Error{interrupted} with what is done saved.
  void train();

  const Comparison& comparison() const { return grid_.comparison; }
  const Failures& failures() const { return failures_; }
  const std::string& analysis_file() const { return analysis_file_; }

 private:
  struct Search;

  void plan_grid();
  void hold();
  std::vector<Variant> variants() const;
  int64_t trainings() const;
  std::vector<Search> searches();
  Search search_of(ComparisonRow& row) const;
  static std::vector<GridRun> runs_of(const std::vector<Search>& searches);
  void expect_same_runs();
  std::optional<ModalityRanking> analyze_modalities();
  void train_runs(std::vector<GridRun> runs, Failures& failures, const std::string& label);
  void tune();
  void use_best(const Search& search, const Metric& metric, const Failures& of_trials);
  void train_all();
  void write_tables() const;

  ComparisonOptions options_;
  std::optional<FolderLock> lock_;
  TrainingData data_;
  ResourcePlan plan_;
  Grid grid_;
  Failures failures_;
  std::string analysis_file_;
};

}  // namespace pdmp::comparing
