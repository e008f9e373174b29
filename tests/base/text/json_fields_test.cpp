#include "base/text/json_fields.h"

#include <cmath>
#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace pdmp {
namespace {

using testing::expect_error;

const nlohmann::json kValue = {{"n", 3},           {"x", 0.5},           {"text", "a"},
                               {"list", {1.5, 2}}, {"nothing", nullptr}, {"inner", {{"deep", true}}}};

JsonFields fields() { return {kValue, "f.json", "restore it"}; }

TEST(JsonFields, GivesWhatIsThere) {
  EXPECT_EQ(fields().get<int64_t>("n"), 3);
  EXPECT_EQ(fields().get<uint64_t>("n"), 3u);
  EXPECT_EQ(fields().get<double>("n"), 3.0);
  EXPECT_EQ(fields().get<std::string>("text"), "a");
  EXPECT_EQ(fields().get<std::vector<double>>("list"), (std::vector<double>{1.5, 2}));
  EXPECT_TRUE(fields().object("inner").get<bool>("deep"));
  EXPECT_TRUE(std::isnan(fields().number_or_nan("nothing")));
  EXPECT_FALSE(fields().has("none"));
}

TEST(JsonFields, NamesFileFieldAndBothTypes) {
  expect_error(ErrorKind::data, {"f.json", "'x'", "a whole number", "the number 0.5", "restore it"},
               [] { fields().get<int64_t>("x"); });
  expect_error(ErrorKind::data, {"'nothing'", "a number", "null"}, [] { fields().get<double>("nothing"); });
  expect_error(ErrorKind::data, {"'none'", "a text", "found none"}, [] { fields().get<std::string>("none"); });
  expect_error(ErrorKind::data, {"'inner.deep'", "a number", "true"},
               [] { fields().object("inner").get<double>("deep"); });
  expect_error(ErrorKind::data, {"'list'", "each element a text"},
               [] { fields().get<std::vector<std::string>>("list"); });
  expect_error(ErrorKind::data, {"'text'", "a JSON object"}, [] { fields().object("text"); });
  expect_error(ErrorKind::data, {"'list[0]'", "a JSON object"}, [] { fields().objects("list"); });
  const nlohmann::json negative = {{"n", -1}}, large = {{"n", 18446744073709551615ull}};
  EXPECT_THROW(JsonFields(negative, "f", "").get<uint64_t>("n"), Error);
  EXPECT_THROW(JsonFields(large, "f", "").get<int64_t>("n"), Error);
}

TEST(JsonFields, ErrorsHaveTheSameAsFields) {
  try {
    fields().get<int64_t>("x");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.expected(), "a whole number");
    EXPECT_EQ(error.found(), "the number 0.5");
    EXPECT_EQ(error.file(), "f.json");
  }
}

TEST(JsonFields, ProblemsOfTheLibraryLoseTheirNumber) {
  try {
    nlohmann::json(nullptr).get<double>();
    FAIL();
  } catch (const nlohmann::json::exception& error) {
    EXPECT_EQ(json_problem(error), "type must be number, but is null");
  }
}

}  // namespace
}  // namespace pdmp
