// The result of `pdmp demo`: one row per kind of training, over seeds.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pdmp/run.h"

namespace pdmp {

struct DemoRow {
  std::string name;              // "picture alone", "joint", "pdmp"
  std::vector<RunSummary> runs;  // one per seed, each with a test score
};

struct DemoFacts {
  std::string data, runs, analysis;  // where things are
  int64_t classes = 0, n_train = 0, n_test = 0;
  double majority = 0;      // test accuracy of always saying the class that is most frequent in train
  double seconds = 0;       // of this process
  int64_t peak_memory = 0;  // bytes
};

// Test accuracy, macro-F1 (mean ± sd) and the share of each modality in the dependency (mean), and the facts below.
std::string demo_text(const std::vector<DemoRow>& rows, const DemoFacts& facts);
nlohmann::json demo_json(const std::vector<DemoRow>& rows, const DemoFacts& facts);

}  // namespace pdmp
