// Fields of a JSON object from a file, with their types checked: every error names file, field, and what was expected
// and found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

namespace pdmp {

// "a list", "null", "a text", "a whole number" ...
std::string json_type_name(const nlohmann::json& value);

// What an error of the JSON library says, without its number: "type must be number, but is null".
std::string json_problem(const nlohmann::json::exception& error);

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {
  using Element = T;
};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {
  using Element = T;
};

// Whether `value` is a T without loss: no number cut to a whole one, no null for a number.
template <class T>
bool json_is(const nlohmann::json& value) {
  if constexpr (std::is_same_v<T, nlohmann::json>) {
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean();
  } else if constexpr (std::is_unsigned_v<T>) {
    return value.is_number_unsigned() || (value.is_number_integer() && value.get<int64_t>() >= 0);
  } else if constexpr (std::is_integral_v<T>) {
    constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<T>::max());
    return value.is_number_integer() && (!value.is_number_unsigned() || value.get<uint64_t>() <= kLargest);
  } else if constexpr (std::is_floating_point_v<T>) {
    return value.is_number();
  } else if constexpr (IsList<T>::value || IsMap<T>::value) {
    using Type = std::conditional_t<IsList<T>::value, IsList<T>, IsMap<T>>;
    if (IsList<T>::value ? !value.is_array() : !value.is_object()) return false;
    for (const auto& element : value) {
      if (!json_is<typename Type::Element>(element)) return false;
    }
    return true;
  } else {
    static_assert(std::is_same_v<T, std::string>);
    return value.is_string();
  }
}

template <class T>
std::string json_expected() {
  if constexpr (std::is_same_v<T, nlohmann::json>) {
    return "a value";
  } else if constexpr (std::is_same_v<T, bool>) {
    return "true or false";
  } else if constexpr (std::is_integral_v<T>) {
    return "a whole number";
  } else if constexpr (std::is_floating_point_v<T>) {
    return "a number";
  } else if constexpr (IsList<T>::value) {
    return "a list, each element " + json_expected<typename IsList<T>::Element>();
  } else if constexpr (IsMap<T>::value) {
    return "an object, each field " + json_expected<typename IsMap<T>::Element>();
  } else {
    return "a text";
  }
}

class JsonFields {
 public:
  // `advice` ends every error: "start again with `overwrite`". `value` must outlive the object. Error{data} where it is
  // no object.
  JsonFields(const nlohmann::json& value, std::filesystem::path file, std::string advice, std::string within = "");

  bool has(const std::string& name) const { return value_.contains(name); }

  template <class T>
  T get(const std::string& name) const {
    const nlohmann::json& found = at(name, json_expected<T>());
    if (!json_is<T>(found)) fail(name, json_expected<T>(), json_type_name(found));
    return found.get<T>();
  }
  template <class T>
  void get_to(const std::string& name, T& target) const {
    target = get<T>(name);
  }
  // null, which is how JSON holds what is no finite number, is NaN.
  double number_or_nan(const std::string& name) const;
  JsonFields object(const std::string& name) const;
  // Each element of a list of objects.
  std::vector<JsonFields> objects(const std::string& name) const;

  [[noreturn]] void fail(const std::string& name, const std::string& expected, const std::string& found) const;

 private:
  const nlohmann::json& at(const std::string& name, const std::string& expected) const;

  const nlohmann::json& value_;
  std::filesystem::path file_;
  std::string advice_, within_;
};

}  // namespace pdmp
