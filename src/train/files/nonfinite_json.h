// JSON has no infinity and no NaN, and would hold null in their place. The state of a training may hold them: sums of
// logged ratios, scores of a method.
#pragma once

#include <nlohmann/json.hpp>

namespace pdmp::training {

nlohmann::json without_nonfinite(nlohmann::json value);  // inf -> {"nonfinite": "inf"}
nlohmann::json with_nonfinite(nlohmann::json value);     // and back

}  // namespace pdmp::training
