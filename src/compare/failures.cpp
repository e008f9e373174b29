#include "compare/failures.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pdmp::comparing {
namespace {

// "seed 1 of 3: it diverged"; the reason is that of the first.
std::string failure_of(const ComparisonRow& row, const std::vector<uint64_t>& seeds, const Failures& failures) {
  std::vector<uint64_t> failed;
  std::string reason;
  for (size_t s = 0; s < row.runs.size(); ++s) {
    const auto failure = failures.find(row.runs[s]);
    if (failure == failures.end()) continue;
    if (failed.empty()) reason = failure->second;
    failed.push_back(seeds[s]);
  }
  if (failed.empty()) return "";
  if (failed.size() == seeds.size()) return reason;
  return fmt::format("seed{} {} of {}: {}", failed.size() == 1 ? "" : "s", fmt::join(failed, ", "), seeds.size(),
                     reason);
}

}  // namespace

void remove_failed(std::vector<GridRun>& runs, Failures& failures) {
  for (const GridRun& run : runs) {
    for (const std::string& need : run.needs) {
      const auto failure = failures.find(need);
      if (failure != failures.end()) {
        failures.emplace(run.options.run, fmt::format("it needs {}, which failed: {}", need, failure->second));
      }
    }
  }
  std::erase_if(runs, [&](const GridRun& run) { return failures.contains(run.options.run); });
}

void note_failures(Comparison& comparison, const Failures& failures) {
  for (ComparisonRow& row : comparison.rows) {
    if (row.refusal.empty()) row.failure = failure_of(row, comparison.seeds, failures);
  }
}

}  // namespace pdmp::comparing
