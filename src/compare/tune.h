// A random search of each method's own options, with the same number of trials for every method.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compare/grid.h"
#include "metrics/metric.h"

namespace pdmp::comparing {

using Settings = std::vector<std::pair<std::string, std::string>>;  // full option name -> text

// Settings of one trial. Trial 0 is the options as they are. The others draw the learning rate from [lr / lr_factor,
// lr * lr_factor] and every option of the method that has a search range from that range; on a log scale where it spans
// a factor of ten, and always for the learning rate. The same for the same seed, method and trial.
Settings draw_trial(const RunOptions& options, int64_t trial, uint64_t seed, double lr_factor);

struct Trial {
  Settings settings;
  std::string run;  // directory
};

// The trial that is best on validation by `metric`; of equals that with the lower validation loss, then the first.
// Trials without a result (diverged) lose. Error{data} where none has one, naming the first. Test scores are not looked
// at.
const Trial& best_trial(const std::vector<Trial>& trials, const Metric& metric);

std::string settings_text(const Settings& settings);  // "lr=0.004,pdmp.gamma=8"; "" for none

}  // namespace pdmp::comparing
