#include "pdmp/options.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <type_traits>

#include "base/text/nested_text.h"
#include "base/text/toml.h"
#include "base/text/value_text.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

// What a value of each type is called, in messages and in the help.
struct TypeWords {
  const char* expected;
  const char* help;
};

TypeWords words(const bool*) { return {"true or false", ""}; }
TypeWords words(const int64_t*) { return {"a whole number", "N"}; }
TypeWords words(const uint64_t*) { return {"a whole number", "N"}; }
TypeWords words(const double*) { return {"a number", "X"}; }
TypeWords words(const std::string*) { return {"text", "TEXT"}; }
TypeWords words(const std::optional<int64_t>*) { return {"'none' or a whole number", "N"}; }
TypeWords words(const std::optional<double>*) { return {"'none' or a number", "X"}; }
TypeWords words(const std::vector<std::string>*) { return {"a list like a,b,c", "A,B,..."}; }
TypeWords words(const std::vector<double>*) { return {"numbers like 1,2.5", "X,Y,..."}; }
TypeWords words(const NameMap*) { return {"name=value pairs like a=x,b=y, each name once", "NAME=VALUE,..."}; }

TypeWords words(const Choice&) { return {"text", "TEXT"}; }

TypeWords words(const Option::Target& target) {
  return std::visit([](const auto& bound) { return words(bound); }, target);
}

template <class T>
std::string toml_value(const T& value) {
  return value_text(value);
}
// Whole numbers of TOML are signed.
std::string toml_value(uint64_t value) {
  const bool fits = value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  return fits ? value_text(value) : toml_string(value_text(value));
}
std::string toml_value(const std::string& value) { return toml_string(value); }
std::string toml_value(const NameMap& value) { return toml_string(value_text(value)); }
std::string toml_value(const std::vector<double>& value) { return fmt::format("[{}]", value_text(value)); }
std::string toml_value(const std::vector<std::string>& value) {
  std::vector<std::string> items;
  std::transform(value.begin(), value.end(), std::back_inserter(items), toml_string);
  return fmt::format("[{}]", fmt::join(items, ", "));
}
template <class T>
std::string toml_value(const std::optional<T>& value) {
  return value ? value_text(*value) : toml_string("none");
}

template <class T>
std::string text_of(const T* target) {
  return value_text(*target);
}
std::string text_of(const Choice& target) { return target.text(); }

template <class T>
std::string toml_of(const T* target) {
  return toml_value(*target);
}
std::string toml_of(const Choice& target) { return toml_string(target.text()); }

}  // namespace

bool Choice::set(std::string_view text) {
  const auto found = std::find(names_.begin(), names_.end(), text);
  if (found == names_.end()) return false;
  set_(variable_, static_cast<size_t>(found - names_.begin()));
  return true;
}

Option::Option(std::string name, Target target, std::string help)
    : name_(std::move(name)), target_(target), help_(std::move(help)), default_text_(text()) {
  if (std::holds_alternative<uint64_t*>(target_)) low_ = 0;
  if (const Choice* choice = std::get_if<Choice>(&target_)) choices_ = choice->names();
}

Option& Option::at_least(double low) {
  low_ = low;
  low_exclusive_ = false;
  return *this;
}

Option& Option::at_most(double high) {
  high_ = high;
  high_exclusive_ = false;
  return *this;
}

Option& Option::above(double low) {
  low_ = low;
  low_exclusive_ = true;
  return *this;
}

Option& Option::below(double high) {
  high_ = high;
  high_exclusive_ = true;
  return *this;
}

Option& Option::one_of(std::vector<std::string> choices) {
  choices_ = std::move(choices);
  return *this;
}

Option& Option::internal() {
  internal_ = true;
  return *this;
}

Option& Option::advanced() {
  advanced_ = true;
  return *this;
}

Option& Option::search(double low, double high) {
  if (!in_range(low) || !in_range(high) || low > high) {
    throw std::logic_error(fmt::format("{}: a search range outside the range of the option", name_));
  }
  search_ = {low, high};
  return *this;
}

Option& Option::specs() {
  specs_ = true;
  return *this;
}

bool Option::is_flag() const { return std::holds_alternative<bool*>(target_); }

bool Option::is_whole() const {
  return std::holds_alternative<int64_t*>(target_) || std::holds_alternative<uint64_t*>(target_) ||
         std::holds_alternative<std::optional<int64_t>*>(target_);
}

bool Option::is_list() const {
  return std::holds_alternative<std::vector<std::string>*>(target_) ||
         std::holds_alternative<std::vector<double>*>(target_) || std::holds_alternative<NameMap*>(target_);
}

std::string Option::range_text() const {
  if (!choices_.empty()) return fmt::format("one of {}", fmt::join(choices_, ", "));
  if (!low_ && !high_) return "";
  const std::string low = low_ ? fmt::format("{}{}", low_exclusive_ ? "(" : "[", *low_) : "(-inf";
  const std::string high = high_ ? fmt::format("{}{}", *high_, high_exclusive_ ? ")" : "]") : "inf)";
  return fmt::format("in {}, {}", low, high);
}

std::string Option::type_text() const {
  const std::string joined = fmt::format("{}", fmt::join(choices_, "|"));
  const bool shown = !joined.empty() && joined.size() <= 24 && !is_list();
  return shown ? joined : words(target_).help;
}

std::string Option::expected() const {
  const std::string range = range_text();
  if (!choices_.empty()) return (is_list() ? "a list, each " : "") + range;
  return range.empty() ? words(target_).expected : fmt::format("{} {}", words(target_).expected, range);
}

void Option::refuse(std::string_view text, std::string_view where) const {
  const auto close = nearest(text, choices_);
  const std::string hint = close ? fmt::format("; did you mean '{}'?", *close) : "";
  throw Error(ErrorKind::usage, fmt::format("{}: expected {}, found '{}'{}", where, expected(), text, hint),
              {.option = name_, .expected = expected(), .found = std::string(text)});
}

bool Option::in_range(double value) const {
  if (std::isnan(value)) return false;
  if (std::isinf(value) && (value > 0 ? high_ : low_) != value) return false;
  if (low_ && (value < *low_ || (low_exclusive_ && value == *low_))) return false;
  return !high_ || value < *high_ || (!high_exclusive_ && value == *high_);
}

template <class T>
bool Option::accepts(const T& value) const {
  if constexpr (std::is_same_v<T, bool>) {
    return true;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return in_range(static_cast<double>(value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return choices_.empty() || std::find(choices_.begin(), choices_.end(), value) != choices_.end();
  } else if constexpr (std::is_same_v<T, NameMap>) {
    return std::all_of(value.begin(), value.end(), [](const auto& entry) {
      return is_list_item(entry.first) && is_list_item(entry.second) && entry.first.find('=') == std::string::npos;
    });
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return std::all_of(value.begin(), value.end(),
                       [&](const auto& item) { return is_list_item(item) && accepts(item); });
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    return std::all_of(value.begin(), value.end(), [&](double item) { return accepts(item); });
  } else {
    return !value || accepts(*value);
  }
}

template <class T>
bool Option::take(T* target, std::string_view text) const {
  auto value = parse_value(text, target);
  if (!value || !accepts(*value)) return false;
  *target = std::move(*value);
  return true;
}

void Option::set(std::string_view text, std::string_view where) {
  if (is_list()) expect_nested(text, where);
  if (!std::visit([&](auto& target) { return take(target, text); }, target_)) refuse(text, where);
}

void Option::add_to_spec(const std::string& key, const std::string& option, std::string_view text,
                         std::string_view where) {
  expect_nested(text, where);
  if (trimmed(text).empty() || has_outside(text, ":,")) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: expected a value without ':' and ',', which separate options, found "
                            "'{}'; put it into brackets, [{}]",
                            where, text, text),
                {.option = fmt::format("{}.{}.{}", name_, key, option),
                 .expected = "a value without ':' and ','",
                 .found = std::string(text)});
  }
  NameMap& specs = *std::get<NameMap*>(target_);
  specs[key] += fmt::format(":{}={}", option, trimmed(text));
}

void Option::check(std::string_view where) const {
  const bool accepted = std::visit(
      [&](const auto& target) {
        if constexpr (std::is_pointer_v<std::remove_cvref_t<decltype(target)>>) return accepts(*target);
        return true;  // an enum holds one of its values
      },
      target_);
  if (!accepted) refuse(text(), where);
}

std::string Option::text() const {
  return std::visit([](const auto& target) { return text_of(target); }, target_);
}

std::string Option::toml() const {
  return std::visit([](const auto& target) { return toml_of(target); }, target_);
}

}  // namespace pdmp
