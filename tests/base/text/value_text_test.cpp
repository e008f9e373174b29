#include "base/text/value_text.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace pdmp {
namespace {

template <class T>
std::optional<T> parse(std::string_view text) {
  return parse_value(text, static_cast<const T*>(nullptr));
}

TEST(ValueText, Booleans) {
  for (const char* yes : {"true", "1", "yes", " yes "}) EXPECT_EQ(parse<bool>(yes), true) << yes;
  for (const char* no : {"false", "0", "no"}) EXPECT_EQ(parse<bool>(no), false) << no;
  for (const char* wrong : {"", "maybe", "TRUE!", "2"}) EXPECT_EQ(parse<bool>(wrong), std::nullopt) << wrong;
}

TEST(ValueText, WholeNumbers) {
  EXPECT_EQ(parse<int64_t>("-12"), -12);
  EXPECT_EQ(parse<int64_t>("+7"), 7);
  EXPECT_EQ(parse<int64_t>("9223372036854775807"), std::numeric_limits<int64_t>::max());
  for (const char* wrong : {"", " ", "3.5", "1e3", "1e3x", "12a", "9223372036854775808", "+-3", "--3", "0x10"}) {
    EXPECT_EQ(parse<int64_t>(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(parse<uint64_t>("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(parse<uint64_t>("-1"), std::nullopt);
}

TEST(ValueText, Numbers) {
  EXPECT_EQ(parse<double>("1e-3"), 0.001);
  EXPECT_EQ(parse<double>("-.5"), -0.5);
  EXPECT_EQ(parse<double>("inf"), std::numeric_limits<double>::infinity());
  for (const char* wrong : {"", "1e400", "1,5", "1.0.0", "5 6", "ten"}) {
    EXPECT_EQ(parse<double>(wrong), std::nullopt) << wrong;
  }
}

TEST(ValueText, DoublesReadBackExactly) {
  for (const double value : {0.1, 1e-8, 1.0 / 3, 15.0, 1e300, 5e-324, -0.0, 0.30000000000000004}) {
    EXPECT_EQ(parse<double>(value_text(value)), value) << value_text(value);
  }
  EXPECT_EQ(value_text(15.0), "15");
  EXPECT_EQ(value_text(0.001), "0.001");
}

TEST(ValueText, Optionals) {
  using Maybe = std::optional<int64_t>;
  EXPECT_EQ(parse<Maybe>("5"), std::optional<Maybe>(5));
  EXPECT_EQ(parse<Maybe>("none"), std::optional<Maybe>(Maybe()));
  EXPECT_EQ(parse<Maybe>("auto"), std::optional<Maybe>(Maybe()));
  EXPECT_FALSE(parse<Maybe>("5.5").has_value());
  EXPECT_EQ(value_text(Maybe()), "none");
  EXPECT_EQ(value_text(Maybe(5)), "5");
}

TEST(ValueText, Lists) {
  EXPECT_EQ(parse<std::vector<std::string>>("audio, visual"), (std::vector<std::string>{"audio", "visual"}));
  EXPECT_EQ(parse<std::vector<std::string>>(""), std::vector<std::string>());
  EXPECT_EQ(parse<std::vector<std::string>>("a,,b"), std::nullopt);
  EXPECT_EQ(parse<std::vector<double>>("0.2,1"), (std::vector<double>{0.2, 1}));
  EXPECT_EQ(parse<std::vector<double>>("0.2,x"), std::nullopt);
  EXPECT_EQ(value_text(std::vector<double>{0.2, 1}), "0.2,1");
}

TEST(ValueText, NameMapsKeepEqualsColonAndPlusInValues) {
  const NameMap expected = {{"audio", "resnet18"}, {"imu", "mlp:hidden=64+64:bias=no"}};
  EXPECT_EQ(parse<NameMap>("imu=mlp:hidden=64+64:bias=no, audio=resnet18"), expected);
  EXPECT_EQ(value_text(expected), "audio=resnet18,imu=mlp:hidden=64+64:bias=no");
  EXPECT_EQ(parse<NameMap>(""), NameMap());
  for (const char* wrong : {"audio", "=x", "audio=", "a=x,a=y", "a=x,"}) {
    EXPECT_EQ(parse<NameMap>(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace pdmp
