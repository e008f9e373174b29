#include "pdmp/archive.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <cmath>
#include <gmock/gmock.h>
#include <limits>

#include "support/expect_error.h"

namespace pdmp::optim {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;  // pdmp::testing
using ::testing::IsEmpty;

TEST(Archive, FindsByName) {
  Archive archive;
  archive.tensors.emplace_back("a", at::ones({2}));
  archive.tensors.emplace_back("b", at::zeros({3}));
  ASSERT_NE(archive.find("b"), nullptr);
  EXPECT_EQ(archive.find("b")->size(0), 3);
  EXPECT_EQ(archive.find("c"), nullptr);
}

TEST(Archive, GivesWhatItHolds) {
  const std::map<std::string, double> log = {{"score/a", .5}};
  Archive archive;
  archive.values = {{"flag", true},  {"count", int64_t{-3}}, {"rate", .1},
                    {"name", "sgd"}, {"none", std::nan("")}, {"log", log}};
  archive.values["steps"] = std::vector<int64_t>{1, 2};
  archive.values["means"] = std::vector<double>{.5, std::numeric_limits<double>::infinity()};
  EXPECT_TRUE(archive.value("flag", false));
  EXPECT_EQ(archive.value("count", int64_t{0}), -3);
  EXPECT_EQ(archive.value("rate", 1.0), .1);
  EXPECT_TRUE(std::isnan(archive.value("none", 0.0)));
  EXPECT_EQ(archive.value("name", std::string()), "sgd");
  EXPECT_THAT(archive.value("steps", std::vector<int64_t>()), ElementsAre(1, 2));
  EXPECT_THAT(archive.value("means", std::vector<double>()), ElementsAre(.5, std::numeric_limits<double>::infinity()));
  EXPECT_EQ(archive.value("log", std::map<std::string, double>()), log);
}

TEST(Archive, GivesTheFallbackForWhatIsMissing) {
  EXPECT_EQ(Archive().value("rate", 1.5), 1.5);
  EXPECT_EQ(Archive().value("name", std::string("none")), "none");
  EXPECT_THAT(Archive().value("steps", std::vector<int64_t>{4}), ElementsAre(4));
}

// A small integer of any type is saved as a whole number, a text literal as a text.
TEST(Archive, TakesLiterals) {
  Archive archive;
  archive.values["count"] = 2;
  archive.values["name"] = "sgd";
  EXPECT_EQ(archive.value("count", int64_t{0}), 2);
  EXPECT_EQ(archive.value("name", std::string()), "sgd");
}

TEST(Archive, WholeNumbersAreAlsoDoubles) {
  Archive archive;
  archive.values["rate"] = 2;
  archive.values["means"] = std::vector<int64_t>{1, 0};
  archive.values["empty"] = std::vector<int64_t>();
  EXPECT_EQ(archive.value("rate", .5), 2.0);
  EXPECT_THAT(archive.value("means", std::vector<double>()), ElementsAre(1.0, 0.0));
  EXPECT_THAT(archive.value("empty", std::vector<double>{.5}), IsEmpty());
}

TEST(Archive, NamesTheValueOfAnotherType) {
  Archive archive;
  archive.values = {{"rate", .5}, {"flag", true}, {"name", "sgd"}};
  archive.values["means"] = std::vector<double>{1, 2};
  const auto refused = [](const std::vector<std::string>& words, const auto& call) {
    expect_error(ErrorKind::data, words, call);
  };
  refused({"'rate'", "expected", "a whole number, found a number"}, [&] { archive.value("rate", int64_t{0}); });
  refused({"'flag'", "a whole number, found true or false"}, [&] { archive.value("flag", int64_t{0}); });
  refused({"'name'", "a number, found a text"}, [&] { archive.value("name", .5); });
  refused({"'means'", "a list of whole numbers, found a list of numbers"},
          [&] { archive.value("means", std::vector<int64_t>()); });
  refused({"'rate'", "numbers by name, found a number"},
          [&] { archive.value("rate", std::map<std::string, double>()); });
}

}  // namespace
}  // namespace pdmp::optim
