// Maps labels to classes, and finds class names that differ only in white space or Unicode normal form.
#include "data/manifest/class_labels.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <glib.h>
#include <memory>

#include "base/text/utf8.h"
#include "data/tables/decimal.h"
#include "pdmp/options.h"

namespace pdmp::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "7", "-1", "0.5", "007", " 3": whatever could be meant as a number.
bool is_number(std::string_view text) {
  const size_t first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  if (first == std::string_view::npos || std::none_of(text.begin(), text.end(), is_digit)) return false;
  return parse_decimal(text.substr(first, last - first + 1)).has_value();
}

// "7" -> 7; nothing for "007", "+7", "7.0".
std::optional<int64_t> plain_index(std::string_view text) {
  int64_t value = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return std::to_string(value) == text ? std::optional(value) : std::nullopt;
}

// White space, and characters of no width.
bool is_invisible(uint32_t code) {
  constexpr uint32_t kZeroWidthSpace = 0x200B, kWordJoiner = 0x2060, kByteOrderMark = 0xFEFF, kSoftHyphen = 0xAD;
  return g_unichar_isspace(code) != 0 || (code >= kZeroWidthSpace && code <= kZeroWidthSpace + 2) ||
         code == kWordJoiner || code == kByteOrderMark || code == kSoftHyphen;
}

std::string without_white_space(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8_character(text, at);
    const size_t length = std::max<size_t>(character.length, 1);
    if (character.length == 0 || !is_invisible(character.code)) result += text.substr(at, length);
    at += length;
  }
  return result;
}

// Compatibility decomposition: the same for all that Unicode calls equivalent.
std::string normal_form(const std::string& text) {
  const auto bytes = static_cast<gssize>(text.size());
  const std::unique_ptr<gchar, decltype(&g_free)> normal(g_utf8_normalize(text.c_str(), bytes, G_NORMALIZE_ALL),
                                                         &g_free);
  return normal == nullptr ? text : std::string(normal.get());
}

std::string folded(const std::string& name) { return without_white_space(normal_form(name)); }

}  // namespace

ClassIndex::ClassIndex(const std::vector<std::string>& classes) : classes_(classes) {
  for (const std::string& name : classes) positions_.emplace(name, static_cast<int64_t>(positions_.size()));
  const auto number = std::find_if(classes.begin(), classes.end(), is_number);
  if (number != classes.end()) number_ = *number;
}

std::optional<int64_t> ClassIndex::find(const std::string& label) const {
  const auto found = positions_.find(label);
  if (found != positions_.end()) return found->second;
  if (!number_.empty()) return std::nullopt;
  const std::optional<int64_t> index = plain_index(label);
  return index && *index >= 0 && *index < static_cast<int64_t>(classes_.size()) ? index : std::nullopt;
}

std::string ClassIndex::advice(const std::string& label) const {
  constexpr size_t kLongest = 200, kMostClasses = 10000;  // distances cost the product of the lengths
  if (label.size() > kLongest || classes_.size() > kMostClasses) return "";
  const std::string same = folded(label);
  for (const std::string& name : classes_) {
    if (folded(name) == same) return fmt::format("; {} and {} look alike: correct one", spelled(name), spelled(label));
  }
  if (is_number(label) && !number_.empty()) {
    return fmt::format("; a number is an index only where no class is called by one, and here is '{}'", number_);
  }
  if (is_number(label)) return "; an index is a whole number from 0, without zeros before it";
  const std::optional<std::string> close = nearest(label, classes_);
  return close ? fmt::format("; did you mean '{}'?", *close) : "";
}

std::vector<LookAlike> find_look_alikes(const std::vector<std::string>& names) {
  std::vector<LookAlike> result;
  std::unordered_map<std::string, const std::string*> seen;
  for (const std::string& name : names) {
    const auto [first, fresh] = seen.try_emplace(folded(name), &name);
    if (fresh) continue;
    const bool spaces = without_white_space(*first->second) == without_white_space(name);
    result.push_back({*first->second, name, spaces ? "white space" : "Unicode normal form"});
  }
  return result;
}

std::string spelled(std::string_view name) {
  std::string codes;
  bool plain = true;
  for (size_t at = 0; at < name.size();) {
    const Utf8Character character = utf8_character(name, at);
    const bool printable = character.code >= ' ' && character.code < 0x7F;
    plain = plain && printable;
    codes += printable ? std::string(1, static_cast<char>(character.code)) : fmt::format("\\u{:04x}", character.code);
    at += std::max<size_t>(character.length, 1);
  }
  return plain ? fmt::format("'{}'", name) : fmt::format("'{}' ({})", name, codes);
}

}  // namespace pdmp::data
