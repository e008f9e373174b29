// Values of an Archive to JSON and back.
#include "train/files/archive_json.h"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/text/json_fields.h"

namespace pdmp::training {
namespace {

// `json` as a T where it is one without loss.
template <class T>
std::optional<Value> value_as(const nlohmann::json& json) {
  if (!json_is<T>(json)) return std::nullopt;
  return Value(json.get<T>());
}

// Nothing where no Value is written like this. Whole numbers before others, which they are too.
std::optional<Value> value_of(const nlohmann::json& json) {
  for (const auto& read :
       {value_as<bool>, value_as<int64_t>, value_as<double>, value_as<std::string>, value_as<std::vector<int64_t>>,
        value_as<std::vector<double>>, value_as<std::map<std::string, double>>}) {
    if (std::optional<Value> value = read(json)) return value;
  }
  return std::nullopt;
}

}  // namespace

nlohmann::json to_json(const std::map<std::string, Value>& values) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : values) {
    object[name] = std::visit([](const auto& held) { return nlohmann::json(held); }, value);
  }
  return object;
}

std::map<std::string, Value> values_from(const nlohmann::json& object, const std::filesystem::path& file,
                                         const std::string& field) {
  const JsonFields fields(object, file, "the checkpoint is damaged", field);
  std::map<std::string, Value> values;
  for (const auto& [name, json] : object.items()) {
    std::optional<Value> value = value_of(json);
    if (!value) {
      fields.fail(name, "true or false, a number, a text, a list of numbers or an object of numbers",
                  json_type_name(json));
    }
    values.emplace(name, *std::move(value));
  }
  return values;
}

}  // namespace pdmp::training
