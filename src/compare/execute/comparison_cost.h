// What a comparison would cost (compare --dry-run).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "compare/execute/resource_plan.h"
#include "compare/grid.h"
#include "run/trial_cost.h"

namespace pdmp::comparing {

// Estimates, all but the counts: they rest on a few steps of joint training.
struct ComparisonCost {
  int64_t alone = 0, methods = 0, search = 0;  // trainings of one modality, of methods, of the search
  int64_t finished = 0;                        // of them, in --out already
  int64_t not_applicable = 0;                  // rows without trainings
  ResourcePlan plan;
  runs::TrialCost trial;
  double seconds = 0;           // of what is not finished, with the plan's trainings at once
  double analysis_seconds = 0;  // of the modality analysis before it, at most; 0: none is needed
  int64_t disk_bytes = 0;       // that all trainings leave behind
  int64_t disk_peak_bytes = 0;  // the most while they train
  double cache_gib = 0;         // limit of the decoded samples beside them; 0: none are kept
  int64_t memory_bytes = 0;     // of the trainings at once
};

// `search`: the trials of --tune. `trial` is one of joint training with the options `run`, on disk.
ComparisonCost cost_of(const Grid& grid, const std::vector<GridRun>& search, const RunOptions& run,
                       const TrainingData& data, const ResourcePlan& plan, const runs::TrialCost& trial);

std::string cost_text(const ComparisonCost& cost);
nlohmann::json cost_json(const ComparisonCost& cost);

}  // namespace pdmp::comparing
