#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/trained_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// 3 classes; 8 samples of each in train, 4 in val and in test.
class DataCheck : public ::testing::Test {
 protected:
  DataCheck() : data_(write_toy_data(directory_.path(), 8, {"wave", "picture"})) {}
  int check(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"check", directory_.path().string(), "--quiet"});
    std::ostringstream out;
    const int status = cli::data_command(more, out);
    text_ = out.str();
    return status;
  }

  TemporaryDirectory directory_;
  ToyData data_;
  std::string text_;
};

TEST_F(DataCheck, AWholeDataSet) {
  EXPECT_EQ(check(), 0);
  EXPECT_THAT(text_, ::testing::StartsWith("split  modality"));
  EXPECT_THAT(text_, ContainsRegex("\ntrain +wave +24 +0\n"));
  EXPECT_THAT(text_, ContainsRegex("\nall +96 +0\n$"));
}

TEST_F(DataCheck, ListsWhatFailsAndSaysSoInTheStatus) {
  directory_.write("picture/test1.png", "no picture");
  EXPECT_EQ(check(), 1);
  EXPECT_THAT(text_, ContainsRegex("^metadata.csv:[0-9]+: test test1, picture: .*picture/test1.png'"));
  EXPECT_THAT(text_, ContainsRegex("\ntest +picture +12 +1\n"));
  EXPECT_EQ(check({"--split", "train"}), 0);
  EXPECT_EQ(check({"--split", "test", "--json", "--workers", "3"}), 1);
  const nlohmann::json json = nlohmann::json::parse(text_);
  EXPECT_EQ(json.at("cells"), 24);
  EXPECT_EQ(json.at("failed"), 1);
  EXPECT_EQ(json.at("failures").at(0).at("id"), "test1");
  EXPECT_EQ(json.at("failures").at(0).at("cell"), "picture/test1.png");
  EXPECT_EQ(json.at("counts").at(1).at("failed"), 1);
}

TEST_F(DataCheck, SplitsHaveTheirOtherNamesAndTheNearestSpelling) {
  EXPECT_EQ(check({"--split", "validation"}), 0);
  EXPECT_THAT(text_, ContainsRegex("\nval +wave +12 +0\n"));
  expect_error(ErrorKind::usage, {"--split", "'tset'", "'test'"}, [&] { check({"--split", "tset"}); });
  expect_error(ErrorKind::usage, {"--workers"}, [&] { check({"--workers", "0"}); });
}

}  // namespace
}  // namespace pdmp::testing
