#include "data/tables/spreadsheet_text.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace pdmp::data {
namespace {

constexpr char kGuard = '\'';
// The last four are full width forms, which some spreadsheets take for their ASCII counterparts.
constexpr std::string_view kFormulas[] = {"=", "+", "-", "@", "\t", "\r", "\n", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};

bool is_number(std::string_view text) {
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return false;  // no nan(...), no inf
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

bool begins_like_a_formula(std::string_view text) {
  if (is_number(text)) return false;
  const size_t first = text.find_first_not_of(" '\"");
  if (first == std::string_view::npos) return false;
  return std::any_of(std::begin(kFormulas), std::end(kFormulas),
                     [&](std::string_view formula) { return text.substr(first).starts_with(formula); });
}

}  // namespace

std::string spreadsheet_text(std::string_view text) {
  return begins_like_a_formula(text) ? kGuard + std::string(text) : std::string(text);
}

std::string from_spreadsheet_text(std::string_view text) {
  const bool guarded = text.starts_with(kGuard) && begins_like_a_formula(text.substr(1));
  return std::string(guarded ? text.substr(1) : text);
}

}  // namespace pdmp::data
