// Runs of a comparison that failed, and what that means for the others.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compare/comparison.h"
#include "compare/grid.h"

namespace pdmp::comparing {

// What failed (directory of a run, or file of the analysis) -> why.
using Failures = std::map<std::string, std::string>;

// Takes out of `runs` those that have failed already and those that need what failed, which fail for that reason.
void remove_failed(std::vector<GridRun>& runs, Failures& failures);

// Says of each row which of its runs failed. Such a row has no scores: a mean over fewer seeds is another thing than
// the means beside it.
void note_failures(Comparison& comparison, const Failures& failures);

}  // namespace pdmp::comparing
