// The result of `pdmp demo`: one row per kind of training, over seeds.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "compare/comparison.h"

namespace pdmp::cli {

struct DemoFacts {
  std::string runs, analysis;  // where things are
  double seconds = 0;          // of this process
  int64_t peak_memory = 0;     // bytes
};

// Test accuracy, macro-F1 (mean ± sd) and the share of each modality in the dependency (mean), the facts, which rows
// beat the best single modality, and last one sentence on what the controls of pdmp show. Of a completed comparison;
// `width`: columns, 0: no limit.
std::string demo_text(const Comparison& comparison, const DemoFacts& facts, int64_t width);
nlohmann::json demo_json(const Comparison& comparison, const DemoFacts& facts);

}  // namespace pdmp::cli
