#include "data/tables/decimal.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>

namespace pdmp::data {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ParseDecimal, ReadsWhatFloatOfPythonReads) {
  EXPECT_EQ(parse_decimal("1"), 1);
  EXPECT_EQ(parse_decimal("-2.5e1"), -25);
  EXPECT_EQ(parse_decimal("+.5"), 0.5);
  EXPECT_EQ(parse_decimal("5."), 5);
  EXPECT_EQ(parse_decimal("1e-310"), 1e-310);
  EXPECT_EQ(parse_decimal("4.9406564584124654e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_TRUE(std::isnan(*parse_decimal("nan")));
  for (const char* text : {"", "+", "x", "1x", "0x10", "+-1", "1,5", "1 ", "e5", "--1", "1e"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

TEST(ParseDecimal, TooSmallIsZeroTooLargeIsInfinite) {
  const std::string zeros(400, '0');
  for (const std::string& text :
       std::vector<std::string>{std::string("1e-400"), std::string("2e-324"), "0." + zeros + "1", "123e-500",
                                "0.00001e-320", "1" + zeros + "e-1000", std::string("1e-99999999999999999999999")}) {
    EXPECT_EQ(parse_decimal(text), 0) << text;
    EXPECT_TRUE(std::signbit(*parse_decimal("-" + text))) << text;
  }
  for (const std::string& text :
       std::vector<std::string>{std::string("1e400"), "1" + zeros, "0.0001e400",
                                std::string("1e99999999999999999999999"), "0." + zeros + "1e1000"}) {
    EXPECT_EQ(parse_decimal(text), kInfinity) << text;
    EXPECT_EQ(parse_decimal("-" + text), -kInfinity) << text;
  }
  EXPECT_EQ(parse_decimal("0e-999999"), 0);
  EXPECT_EQ(parse_decimal("0e999999"), 0);
}

}  // namespace
}  // namespace pdmp::data
