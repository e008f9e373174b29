// What a run was made with, besides its options: environment.json, and `pdmp info`.
#pragma once

#include <nlohmann/json.hpp>

#include "pdmp/trainer.h"

namespace pdmp::runs {

// Version, LibTorch, compiler, CPU features, threads and precision. Error{usage} where the device or the precision is
// not there.
nlohmann::json environment(const TrainOptions& options);

}  // namespace pdmp::runs
