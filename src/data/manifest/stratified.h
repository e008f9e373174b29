// A part of the samples that looks like the whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pdmp/random.h"

namespace pdmp::data {

// Chooses about `fraction` of the items: of every class its share rounded to the nearest, but at least one where the
// class has two, and never its last one. Items of one group go together ("" = a group of its own), so that a class may
// miss its share by the size of a group. Returns chosen[i]; the same for the same stream.
std::vector<bool> stratified_subset(const std::vector<int64_t>& labels, const std::vector<std::string>& groups,
                                    double fraction, RandomStream& random);

}  // namespace pdmp::data
