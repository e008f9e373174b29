// Decimal text to double, with the two ends of the range told apart.
#include "data/tables/decimal.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace pdmp::data {
namespace {

// Of "e-400": -400, cut to what decides.
int64_t exponent_of(std::string_view text) {
  constexpr int64_t kMost = int64_t{1} << 40;
  if (text.empty()) return 0;
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  for (const char digit : text) value = std::min(kMost, 10 * value + (digit - '0'));
  return negative ? -value : value;
}

// Of a number outside of the range of double: whether it is below 1 in size.
bool is_tiny(std::string_view text) {
  const size_t exponent = std::min(text.find_first_of("eE"), text.size());
  const std::string_view digits = text.substr(0, exponent);
  const auto point = static_cast<int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<int64_t>(std::min(digits.find_first_of("123456789"), digits.size()));
  return point - first + exponent_of(text.substr(exponent)) <= 0;
}

}  // namespace

std::optional<double> parse_decimal(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || code == std::errc::invalid_argument) return std::nullopt;
  if (code == std::errc()) return value;
  const double size = is_tiny(text) ? 0 : std::numeric_limits<double>::infinity();
  return text.starts_with('-') ? -size : size;
}

}  // namespace pdmp::data
