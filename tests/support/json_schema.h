// Checks a document against a JSON Schema of the keywords that docs/dataset.schema.json uses.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace pdmp::testing {

class JsonSchema {
 public:
  explicit JsonSchema(nlohmann::json root) : root_(std::move(root)) {}

  // "" where `value` is valid; else the first thing that is wrong with it.
  std::string problem(const nlohmann::json& value) const { return check(root_, value, ""); }

 private:
  using Json = nlohmann::json;

  const Json& resolved(const std::string& reference) const { return root_.at(Json::json_pointer(reference.substr(1))); }

  std::string check(const Json& schema, const Json& value, const std::string& at) const {
    for (const auto& [keyword, rule] : schema.items()) {
      const std::string found = check(keyword, rule, schema, value, at);
      if (!found.empty()) return found;
    }
    return "";
  }

  std::string check(const std::string& keyword, const Json& rule, const Json& schema, const Json& value,
                    const std::string& at) const {
    static const std::set<std::string> notes = {"$schema", "$defs", "title", "description"};
    static const std::set<std::string> known = {"$ref",
                                                "const",
                                                "enum",
                                                "type",
                                                "oneOf",
                                                "required",
                                                "properties",
                                                "additionalProperties",
                                                "minItems",
                                                "maxItems",
                                                "uniqueItems",
                                                "items",
                                                "pattern",
                                                "minLength",
                                                "maxLength",
                                                "minimum",
                                                "maximum",
                                                "exclusiveMinimum",
                                                "exclusiveMaximum"};
    if (!notes.contains(keyword) && !known.contains(keyword)) throw std::logic_error("unknown keyword " + keyword);
    const auto unless = [&](bool good) { return good ? "" : at + ": " + keyword + " " + rule.dump(); };
    if (notes.contains(keyword)) return "";
    if (keyword == "$ref") return check(resolved(rule), value, at);
    if (keyword == "const") return unless(value == rule);
    if (keyword == "enum") return unless(std::find(rule.begin(), rule.end(), value) != rule.end());
    if (keyword == "type") return unless(is_type(value, rule));
    if (keyword == "oneOf") return check_one_of(rule, value, at);
    if (value.is_object()) return check_object(keyword, rule, schema, value, at);
    if (value.is_array()) return check_array(keyword, rule, value, at);
    if (value.is_string()) return unless(string_fits(keyword, rule, value));
    return unless(!value.is_number() || number_fits(keyword, rule, value));
  }

  static bool is_type(const Json& value, const std::string& type) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    return type == value.type_name();
  }

  std::string check_one_of(const Json& rules, const Json& value, const std::string& at) const {
    size_t valid = 0;
    std::string problems;
    for (const Json& rule : rules) {
      const std::string found = check(rule, value, at);
      valid += found.empty() ? 1 : 0;
      problems += found.empty() ? "" : " | " + found;
    }
    return valid == 1 ? "" : at + ": " + std::to_string(valid) + " of oneOf" + problems;
  }

  std::string check_object(const std::string& keyword, const Json& rule, const Json& schema, const Json& value,
                           const std::string& at) const {
    if (keyword == "required") {
      for (const Json& key : rule) {
        if (!value.contains(key.get<std::string>())) return at + ": without " + key.dump();
      }
    } else if (keyword == "properties") {
      for (const auto& [key, inner] : value.items()) {
        const std::string found = rule.contains(key) ? check(rule.at(key), inner, at + "/" + key) : "";
        if (!found.empty()) return found;
      }
    } else if (keyword == "additionalProperties") {
      for (const auto& [key, inner] : value.items()) {
        if (!schema.at("properties").contains(key)) return at + ": unknown " + key;
      }
    }
    return "";
  }

  std::string check_array(const std::string& keyword, const Json& rule, const Json& value,
                          const std::string& at) const {
    if (keyword == "minItems" && value.size() < rule.get<size_t>()) return at + ": too short";
    if (keyword == "maxItems" && value.size() > rule.get<size_t>()) return at + ": too long";
    if (keyword == "uniqueItems" && std::set<Json>(value.begin(), value.end()).size() != value.size()) {
      return at + ": something twice";
    }
    for (size_t i = 0; keyword == "items" && i < value.size(); ++i) {
      const std::string found = check(rule, value[i], at + "/" + std::to_string(i));
      if (!found.empty()) return found;
    }
    return "";
  }

  static bool string_fits(const std::string& keyword, const Json& rule, const std::string& value) {
    if (keyword == "pattern") return std::regex_search(value, std::regex(rule.get<std::string>()));
    if (keyword == "minLength") return value.size() >= rule.get<size_t>();
    return keyword != "maxLength" || value.size() <= rule.get<size_t>();
  }

  static bool number_fits(const std::string& keyword, const Json& rule, double value) {
    if (keyword == "minimum") return value >= rule.get<double>();
    if (keyword == "maximum") return value <= rule.get<double>();
    if (keyword == "exclusiveMinimum") return value > rule.get<double>();
    return keyword != "exclusiveMaximum" || value < rule.get<double>();
  }

  Json root_;
};

}  // namespace pdmp::testing
