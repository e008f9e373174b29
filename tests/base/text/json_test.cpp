#include "base/text/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pdmp {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

std::string fault_of(std::string_view text, const JsonLimits& limits = {}) {
  try {
    parse_json(text, limits);
  } catch (const JsonFault& fault) {
    return fault.what();
  }
  return "accepted";
}

TEST(Json, ReadsWhatTheLibraryReads) {
  for (const char* text : {"null", "true", "-3", "18446744073709551615", "1.5e3", "\"a\\u00e9\\n\"", "[]", "{}",
                           R"([1, [2, {"a": [3, {}]}], "x", null])", R"({"b": {"c": [true, {"d": 1}]}, "a": 2})"}) {
    EXPECT_EQ(parse_json(text), Json::parse(text)) << text;
    EXPECT_EQ(parse_json(text).dump(), Json::parse(text).dump()) << text;
  }
}

TEST(Json, FaultsNameTheByteAndTheReason) {
  try {
    parse_json("{\"a\": oops}");
    ADD_FAILURE();
  } catch (const JsonFault& fault) {
    EXPECT_EQ(fault.byte(), 7u);
    EXPECT_THAT(fault.what(), HasSubstr("invalid literal"));
  }
  EXPECT_THAT(fault_of(""), HasSubstr("unexpected end of input"));
  EXPECT_THAT(fault_of("[1] 2"), HasSubstr("expected end of input"));
  EXPECT_THAT(fault_of("\"\xFF\""), HasSubstr("ill-formed UTF-8"));
  EXPECT_THAT(fault_of("{\"a\": 6e666}"), HasSubstr("6e666"));
}

TEST(Json, AKeyTwiceIsAFault) {
  EXPECT_EQ(fault_of(R"({"a": 1, "b": {"a": 2}, "a": 3})"), "the key 'a' is there twice");
  EXPECT_EQ(fault_of(R"([{"a": 1}, {"a": 2}])"), "accepted");
}

TEST(Json, LimitsOfDepthValuesAndBytes) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(fault_of(nested(kJsonDepth)), "accepted");
  EXPECT_THAT(fault_of(nested(kJsonDepth + 1)), HasSubstr("nested more than 100 deep"));
  EXPECT_EQ(fault_of("[1, [2]]", {.values = 4}), "accepted");
  EXPECT_THAT(fault_of("[1, [2]]", {.values = 3}), HasSubstr("more values"));
  EXPECT_EQ(fault_of("[]", {.bytes = 2}), "accepted");
  EXPECT_THAT(fault_of("[1]", {.bytes = 2}), HasSubstr("more than 0 MiB"));
}

TEST(Json, MembersComeInTheOrderOfTheText) {
  const JsonMembers members = parse_json_object(R"({"z": 1, "a": {"y": 2, "b": 3}, "m": [4]})");
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0], (std::pair<std::string, Json>("z", 1)));
  EXPECT_EQ(members[1].first, "a");
  EXPECT_EQ(members[1].second.at("b"), 3);
  EXPECT_EQ(members[2].second, Json::array({4}));
  EXPECT_THROW(parse_json_object("[1]"), JsonFault);
}

TEST(Json, TextForPeopleAndProgramsNeverFails) {
  EXPECT_EQ(json_text({{"a", "\xFF"}}), "{\n  \"a\": \"\xEF\xBF\xBD\"\n}\n");
}

}  // namespace
}  // namespace pdmp
