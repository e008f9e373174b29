#include "base/text/value_text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text/nested_text.h"

namespace pdmp {
namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

// What stands between commas, but those within brackets and quotes; "" has no items.
std::vector<std::string> items_of(std::string_view text) {
  if (trimmed(text).empty()) return {};
  std::vector<std::string> items = split_nested(text, ',');
  for (std::string& item : items) item = trimmed(item);
  return items;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const char* blanks = " \t\r\n";
  const size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> items;
  if (trimmed(text).empty()) return items;
  while (true) {
    const size_t end = text.find(separator);
    items.emplace_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return items;
    text.remove_prefix(end + 1);
  }
}

std::optional<bool> parse_value(std::string_view text, const bool*) {
  text = trimmed(text);
  if (text == "true" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "0" || text == "no") return false;
  return std::nullopt;
}

std::optional<int64_t> parse_value(std::string_view text, const int64_t*) { return parse_number<int64_t>(text); }

std::optional<uint64_t> parse_value(std::string_view text, const uint64_t*) { return parse_number<uint64_t>(text); }

std::optional<double> parse_value(std::string_view text, const double*) { return parse_number<double>(text); }

std::optional<std::string> parse_value(std::string_view text, const std::string*) { return std::string(text); }

std::optional<std::vector<std::string>> parse_value(std::string_view text, const std::vector<std::string>*) {
  std::vector<std::string> items = items_of(text);
  for (const std::string& item : items) {
    if (item.empty()) return std::nullopt;
  }
  return items;
}

std::optional<std::vector<double>> parse_value(std::string_view text, const std::vector<double>*) {
  std::vector<double> numbers;
  for (const std::string& item : split(text, ',')) {
    const auto number = parse_number<double>(item);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<NameMap> parse_value(std::string_view text, const NameMap*) {
  NameMap map;
  for (const std::string& item : items_of(text)) {
    const size_t equals = item.find('=');
    if (equals == std::string::npos) return std::nullopt;
    const std::string name(trimmed(std::string_view(item).substr(0, equals)));
    const std::string value(trimmed(std::string_view(item).substr(equals + 1)));
    if (name.empty() || value.empty() || !map.emplace(name, value).second) return std::nullopt;
  }
  return map;
}

bool is_list_item(const std::string& text) {
  return !text.empty() && trimmed(text) == text && nesting_problem(text).empty() && !has_outside(text, ",");
}

std::string value_text(bool value) { return value ? "true" : "false"; }

std::string value_text(int64_t value) { return std::to_string(value); }

std::string value_text(uint64_t value) { return std::to_string(value); }

// fmt's default is the shortest text that reads back to the same double.
std::string value_text(double value) { return fmt::format("{}", value); }

std::string value_text(const std::string& value) { return value; }

std::string value_text(const std::vector<std::string>& value) { return fmt::format("{}", fmt::join(value, ",")); }

std::string value_text(const std::vector<double>& value) { return fmt::format("{}", fmt::join(value, ",")); }

std::string value_text(const NameMap& value) {
  std::string text;
  for (const auto& [name, entry] : value) text += (text.empty() ? "" : ",") + name + "=" + entry;
  return text;
}

}  // namespace pdmp
