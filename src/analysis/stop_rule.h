// When an analysis knows enough (include/pdmp/analysis.h has the rule).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/statistics.h"
#include "pdmp/analysis.h"

namespace pdmp::analysis {

// The ranking after the epochs of `hits`, of `planned` ones, if more of them would not change it. hits[m][e][i]: 1
// where modality m is right about sample i after epoch e; as many epochs, at least one, for all. `seed`: of the
// bootstrap.
std::optional<StopEvidence> settled(const std::vector<std::string>& names, const std::vector<metrics::Hits>& hits,
                                    int64_t planned, const std::string& end_mode, uint64_t seed);

// What is said of an analysis that went on to its last epoch.
StopEvidence not_stopped(const std::string& rule, int64_t planned);

}  // namespace pdmp::analysis
