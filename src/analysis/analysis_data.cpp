#include "analysis/analysis_data.h"

#include <fmt/format.h>

#include "base/log.h"
#include "data/split.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr double kStableSubset = 0.4;  // below, the paper's Table VI sees the ranking flip

}  // namespace

AnalysisData analysis_data(const TrainingData& data, double subset, uint64_t seed) {
  AnalysisData result;
  result.splits.train = data.train;
  result.splits.val = data.val;
  result.evaluated_on = "val";
  result.subset = subset;
  if (!data.val) {
    const HeldBack parts = hold_back_tenth(data.train, seed);
    result.splits.val = parts.held_out;
    result.splits.train = parts.train;
    result.evaluated_on = kTenthOfTrain;
  }
  if (subset < 1) {
    if (subset < kStableSubset) {
      log_warning(
          fmt::format("modality analysis on {:g} of train: below {:g} the ranking may differ from that on all of it",
                      subset, kStableSubset));
    }
    // Left out is what is chosen, so that no class vanishes.
    const auto kept = split_by_class(*result.splits.train, 1 - subset, random_stream(seed, "analysis/subset")).second;
    result.splits.train = select_samples(result.splits.train, kept);
  }
  return result;
}

}  // namespace pdmp
