// Choosing a part of the samples that looks like the whole.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/random.h"

namespace pdmp {

// Chooses about `fraction` of the items: of every class its share rounded to the nearest, but at least one where the
// class has two, and never its last one. Items of one group go together ("" = a group of its own), so that a class may
// miss its share by the size of a group. Returns chosen[i]; the same for the same stream.
std::vector<bool> stratified_subset(const std::vector<int64_t>& labels, const std::vector<std::string>& groups,
                                    double fraction, RandomStream& random);

// A random `fraction` of each class and the rest, as indices, both in the order of `data`.
std::pair<std::vector<int64_t>, std::vector<int64_t>> split_by_class(const Dataset& data, double fraction,
                                                                     RandomStream random);

// A tenth of each class of `train` to judge by, and the rest to train on: what stands in for a missing validation
// split. The same for a seed, whoever asks. Error{data} where no class has two samples.
struct HeldBack {
  std::shared_ptr<const Dataset> held_out, train;
};
HeldBack hold_back_tenth(const std::shared_ptr<const Dataset>& train, uint64_t seed);
inline constexpr const char* kTenthOfTrain = "10 % of train";

}  // namespace pdmp
