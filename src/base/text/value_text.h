// Values of options as text: what a flag or a config file says, and back. A value that is not of its type is nullopt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pdmp/options.h"

namespace pdmp {

std::string_view trimmed(std::string_view text);                        // without blanks at both ends
std::string lower_case(std::string_view text);                          // of ASCII letters
std::vector<std::string> split(std::string_view text, char separator);  // "" -> no items; items are trimmed

// true/false, 1/0, yes/no; whole numbers without point, exponent or overflow; numbers with "inf" and "nan"; optionals
// also "none" and "auto"; comma lists; name=value lists. Commas within brackets and quotes (base/text/nested_text.h)
// separate nothing, and items keep their brackets. Empty items and repeated names are malformed.
std::optional<bool> parse_value(std::string_view text, const bool*);
std::optional<int64_t> parse_value(std::string_view text, const int64_t*);
std::optional<uint64_t> parse_value(std::string_view text, const uint64_t*);
std::optional<double> parse_value(std::string_view text, const double*);
std::optional<std::string> parse_value(std::string_view text, const std::string*);
std::optional<std::vector<std::string>> parse_value(std::string_view text, const std::vector<std::string>*);
std::optional<std::vector<double>> parse_value(std::string_view text, const std::vector<double>*);
std::optional<NameMap> parse_value(std::string_view text, const NameMap*);

template <class T>
std::optional<std::optional<T>> parse_value(std::string_view text, const std::optional<T>*) {
  if (trimmed(text) == "none" || trimmed(text) == "auto") return std::optional<T>();
  const std::optional<T> value = parse_value(text, static_cast<const T*>(nullptr));
  if (!value) return std::nullopt;
  return std::optional<std::optional<T>>(value);
}

// Whether `text` is one item of a list as it stands.
bool is_list_item(const std::string& text);

// Read back by parse_value to the same value.
std::string value_text(bool value);
std::string value_text(int64_t value);
std::string value_text(uint64_t value);
std::string value_text(double value);
std::string value_text(const std::string& value);
std::string value_text(const std::vector<std::string>& value);
std::string value_text(const std::vector<double>& value);
std::string value_text(const NameMap& value);

template <class T>
std::string value_text(const std::optional<T>& value) {
  return value ? value_text(*value) : "none";
}

}  // namespace pdmp
