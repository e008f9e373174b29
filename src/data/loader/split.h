// Data sets in two: a part of every class, and the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/random.h"

namespace pdmp::data {

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

}  // namespace pdmp::data
