#include "analysis/analysis_data.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "base/files/digest.h"
#include "base/log.h"
#include "data/loader/split.h"
#include "pdmp/error.h"

namespace pdmp::analysis {
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
    const data::HeldBack parts = data::hold_back_tenth(data.train, seed);
    result.splits.val = parts.held_out;
    result.splits.train = parts.train;
    result.evaluated_on = data::kTenthOfTrain;
  }
  if (subset < 1) {
    if (subset < kStableSubset) {
      log_warning(
          fmt::format("modality analysis on {:g} of train: below {:g} the ranking may differ from that on all of it",
                      subset, kStableSubset));
    }
    // Left out is what is chosen, so that no class vanishes.
    const auto kept =
        data::split_by_class(*result.splits.train, 1 - subset, random_stream(seed, "analysis/subset")).second;
    result.splits.train = select_samples(result.splits.train, kept);
  }
  return result;
}

std::string data_clause(const TrainingData& data) {
  std::vector<std::string> samples;
  for (const auto& split : {data.train, data.val}) {
    for (int64_t i = 0; split && i < split->size(); ++i) {
      samples.push_back(fmt::format("{}\n{}", split->id(i), split->label(i)));
    }
  }
  std::sort(samples.begin(), samples.end());
  Digest digest;
  for (const std::string& text : data.train->classes()) digest.add(fmt::format("{} {}", text.size(), text));
  for (const std::string& text : samples) digest.add(fmt::format("{} {}", text.size(), text));
  constexpr size_t kDigits = 16;
  return "; data " + digest.hex().substr(0, kDigits);
}

}  // namespace pdmp::analysis
