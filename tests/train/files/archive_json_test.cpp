#include "train/files/archive_json.h"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

#include "support/expect_error.h"
#include "support/through_json.h"

namespace pdmp::training {
namespace {

using testing::expect_error;  // pdmp::testing
using ::testing::IsEmpty;
using testing::through_json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ArchiveJson, EveryTypeComesBack) {
  const std::map<std::string, Value> values = {
      {"flag", true},
      {"off", false},
      {"count", int64_t{-7}},
      {"largest", std::numeric_limits<int64_t>::max()},
      {"rate", 0.1 + 0.2},
      {"whole rate", 2.0},
      {"name", "sgd"},
      {"states", std::vector<int64_t>{1, 0, 2}},
      {"means", std::vector<double>{.1, 1, -0.0, 1e300}},
      {"infinite", std::vector<double>{kInfinity, -kInfinity}},
      {"log", std::map<std::string, double>{{"score/a", 1}, {"score/v", kInfinity}}},
      {"no log", std::map<std::string, double>()},
  };
  EXPECT_EQ(through_json(values), values);
  EXPECT_TRUE(std::signbit(std::get<std::vector<double>>(through_json(values).at("means"))[2]));
}

TEST(ArchiveJson, NanComesBack) {
  Archive archive;
  archive.values = through_json({{"rate", std::nan("")}, {"means", std::vector<double>{1, std::nan("")}}});
  EXPECT_TRUE(std::isnan(archive.value("rate", 0.0)));
  EXPECT_EQ(archive.value("means", std::vector<double>())[0], 1);
  EXPECT_TRUE(std::isnan(archive.value("means", std::vector<double>())[1]));
}

// JSON does not say what an empty list is one of: it is read as either.
TEST(ArchiveJson, EmptyListsAreListsOfBoth) {
  Archive archive;
  archive.values = through_json({{"steps", std::vector<int64_t>()}, {"means", std::vector<double>()}});
  EXPECT_THAT(archive.value("steps", std::vector<int64_t>{1}), IsEmpty());
  EXPECT_THAT(archive.value("means", std::vector<double>{1}), IsEmpty());
  EXPECT_THAT(through_json({}), IsEmpty());
}

TEST(ArchiveJson, RefusesWhatIsNeverWritten) {
  for (const char* text :
       {R"({"x": null})", R"({"x": [[1]]})", R"({"x": ["a"]})", R"({"x": [1, null]})", R"({"x": [true]})",
        R"({"x": {"a": "b"}})", R"({"x": {"a": {"b": 1}}})", R"({"x": [{"mean": 1}]})"}) {
    expect_error(ErrorKind::data, {"checkpoint.json", "'method.x'", "expected true or false, a number", "damaged"},
                 [&] { values_from(nlohmann::json::parse(text), "checkpoint.json", "method"); });
  }
  expect_error(ErrorKind::data, {"checkpoint.json", "'method'", "a JSON object", "found a list"},
               [&] { values_from(nlohmann::json::array(), "checkpoint.json", "method"); });
}

}  // namespace
}  // namespace pdmp::training
