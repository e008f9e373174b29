// Values of a method or an optimizer as they come back from checkpoint.json.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "train/files/archive_json.h"
#include "train/files/nonfinite_json.h"

namespace pdmp::testing {

inline std::map<std::string, Value> through_json(const std::map<std::string, Value>& values) {
  const std::string text = training::without_nonfinite(training::to_json(values)).dump();
  return training::values_from(training::with_nonfinite(nlohmann::json::parse(text)), "checkpoint.json", "method");
}

}  // namespace pdmp::testing
