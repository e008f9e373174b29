#include "analysis/analysis_data.h"

#include <fmt/format.h>

#include "base/log.h"
#include "data/split.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr double kHeldOut = 0.1;
constexpr double kStableSubset = 0.4;  // below, the paper's Table VI sees the ranking flip

// A random `fraction` of each class and the rest, both in the order of `data`.
std::pair<std::vector<int64_t>, std::vector<int64_t>> split_by_class(const Dataset& data, double fraction,
                                                                     RandomStream random) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < data.size(); ++i) labels.push_back(data.label(i));
  const std::vector<bool> chosen = stratified_subset(labels, std::vector<std::string>(labels.size()), fraction, random);
  std::vector<int64_t> part, rest;
  for (size_t i = 0; i < chosen.size(); ++i) (chosen[i] ? part : rest).push_back(static_cast<int64_t>(i));
  return {part, rest};
}

void hold_out(AnalysisData& result, uint64_t seed) {
  const std::shared_ptr<const Dataset> all = result.splits.train;
  const auto [held_out, kept] = split_by_class(*all, kHeldOut, random_stream(seed, "analysis/holdout"));
  if (held_out.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("modality analysis: expected a validation split or a class of two samples to "
                            "hold one out of, found {} samples of as many classes",
                            all->size()));
  }
  result.evaluated_on = "10 % of train";
  result.splits.val = select_samples(all, held_out);
  result.splits.train = select_samples(all, kept);
}

}  // namespace

AnalysisData analysis_data(const TrainingData& data, double subset, uint64_t seed) {
  AnalysisData result;
  result.splits.train = data.train;
  result.splits.val = data.val;
  result.evaluated_on = "val";
  result.subset = subset;
  if (!data.val) hold_out(result, seed);
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
