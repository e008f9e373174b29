#include "data/loader/split.h"

#include <fmt/format.h>
#include <string>

#include "data/manifest/stratified.h"
#include "pdmp/error.h"

namespace pdmp::data {

std::pair<std::vector<int64_t>, std::vector<int64_t>> split_by_class(const Dataset& data, double fraction,
                                                                     RandomStream random) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < data.size(); ++i) labels.push_back(data.label(i));
  const std::vector<bool> chosen = stratified_subset(labels, std::vector<std::string>(labels.size()), fraction, random);
  std::vector<int64_t> part, rest;
  for (size_t i = 0; i < chosen.size(); ++i) (chosen[i] ? part : rest).push_back(static_cast<int64_t>(i));
  return {part, rest};
}

HeldBack hold_back_tenth(const std::shared_ptr<const Dataset>& train, uint64_t seed) {
  constexpr double kTenth = 0.1;
  const auto [held_out, kept] = split_by_class(*train, kTenth, random_stream(seed, "analysis/holdout"));
  if (held_out.empty()) {
    throw Error(ErrorKind::data, fmt::format("expected a validation split or a class of two samples to hold one out "
                                             "of, found {} samples of as many classes",
                                             train->size()));
  }
  return {select_samples(train, held_out), select_samples(train, kept)};
}

}  // namespace pdmp::data
