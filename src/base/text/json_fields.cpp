// Typed access to the fields of a JSON object.
#include "base/text/json_fields.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "pdmp/error.h"

namespace pdmp {

std::string json_type_name(const nlohmann::json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return "the whole number " + value.dump();
  if (value.is_number()) return "the number " + value.dump();
  if (value.is_string()) return "a text";
  return value.is_array() ? "a list" : "an object";
}

std::string json_problem(const nlohmann::json::exception& error) {
  const std::string what = error.what();
  const size_t end = what.starts_with('[') ? what.find("] ") : std::string::npos;
  return end == std::string::npos ? what : what.substr(end + 2);
}

JsonFields::JsonFields(const nlohmann::json& value, std::filesystem::path file, std::string advice, std::string within)
    : value_(value), file_(std::move(file)), advice_(std::move(advice)), within_(std::move(within)) {
  if (value_.is_object()) return;
  const std::string where = within_.empty() ? "" : fmt::format("field '{}': ", within_);
  throw Error(
      ErrorKind::data,
      fmt::format("{}: {}expected a JSON object, found {}; {}", file_.string(), where, json_type_name(value_), advice_),
      {.expected = "a JSON object", .found = json_type_name(value_), .file = file_.string()});
}

const nlohmann::json& JsonFields::at(const std::string& name, const std::string& expected) const {
  const auto found = value_.find(name);
  if (found == value_.end()) fail(name, expected, "none");
  return *found;
}

void JsonFields::fail(const std::string& name, const std::string& expected, const std::string& found) const {
  throw Error(ErrorKind::data,
              fmt::format("{}: field '{}': expected {}, found {}; {}", file_.string(),
                          within_.empty() ? name : within_ + "." + name, expected, found, advice_),
              {.expected = expected, .found = found, .file = file_.string()});
}

double JsonFields::number_or_nan(const std::string& name) const {
  const nlohmann::json& found = at(name, "a number or null");
  if (found.is_null()) return std::numeric_limits<double>::quiet_NaN();
  return get<double>(name);
}

JsonFields JsonFields::object(const std::string& name) const {
  return {at(name, "an object"), file_, advice_, within_.empty() ? name : within_ + "." + name};
}

std::vector<JsonFields> JsonFields::objects(const std::string& name) const {
  const nlohmann::json& list = at(name, "a list of objects");
  if (!list.is_array()) fail(name, "a list of objects", json_type_name(list));
  std::vector<JsonFields> result;
  for (size_t i = 0; i < list.size(); ++i) {
    result.emplace_back(list[i], file_, advice_,
                        fmt::format("{}{}[{}]", within_.empty() ? "" : within_ + ".", name, i));
  }
  return result;
}

}  // namespace pdmp
