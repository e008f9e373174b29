// analysis.json as a value.
#pragma once

#include <nlohmann/json.hpp>

#include "pdmp/analysis.h"

namespace pdmp::analysis {

nlohmann::json to_json(const AnalysisResult& result);

}  // namespace pdmp::analysis
