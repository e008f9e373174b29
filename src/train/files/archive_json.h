// The values of an Archive as JSON, for checkpoint.json.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "pdmp/archive.h"

namespace pdmp::training {

// Numbers that are not finite stay numbers, which text cannot hold: see without_nonfinite.
nlohmann::json to_json(const std::map<std::string, Value>& values);

// The values that `object`, the field `field` of `file`, holds. Whole numbers and lists of them come back as such, an
// empty list as one of whole numbers. Error{data} on what to_json never writes: null, and lists and objects of anything
// but numbers.
std::map<std::string, Value> values_from(const nlohmann::json& object, const std::filesystem::path& file,
                                         const std::string& field);

}  // namespace pdmp::training
