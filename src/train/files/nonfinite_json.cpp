// Numbers that are not finite as JSON.
#include "train/files/nonfinite_json.h"

#include <cmath>
#include <limits>
#include <string>

namespace pdmp::training {
namespace {

constexpr const char* kMark = "nonfinite";

}  // namespace

nlohmann::json without_nonfinite(nlohmann::json value) {
  if (value.is_structured()) {
    for (nlohmann::json& part : value) part = without_nonfinite(std::move(part));
  } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    const auto number = value.get<double>();
    return {{kMark, std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf"}};
  }
  return value;
}

nlohmann::json with_nonfinite(nlohmann::json value) {
  if (!value.is_structured()) return value;
  if (value.is_object() && value.size() == 1 && value.contains(kMark) && value[kMark].is_string()) {
    const std::string text = value[kMark];
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    return text == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  }
  for (nlohmann::json& part : value) part = with_nonfinite(std::move(part));
  return value;
}

}  // namespace pdmp::training
