// Decimal numbers in text, as NumPy and Python's float() read them.
#pragma once

#include <optional>
#include <string_view>

namespace pdmp::data {

// "1", "-2.5e1", "+.5", "inf", "nan". One too small for a double is 0 with its sign, one too large infinity. Nothing
// where the whole text is no number.
std::optional<double> parse_decimal(std::string_view text);

}  // namespace pdmp::data
