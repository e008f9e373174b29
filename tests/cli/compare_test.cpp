// Trainings are processes of the program, so it is the program that is run here.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "cli/trained_run.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct CompareCommand : ::testing::Test {
  TemporaryDirectory directory;
  std::string data = (directory / "data").string(), out = (directory / "out").string();

  void SetUp() override { write_toy_data(data, 8, {"numbers", "caption"}); }

  std::vector<std::string> arguments(const std::string& methods, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"compare", "--data", data, "--out", out, "--methods", methods, "--seeds", "2"});
    return fast(std::move(more));
  }
  ProgramResult compare(const std::string& methods, std::vector<std::string> more = {}) const {
    return run_program(arguments(methods, std::move(more)));
  }
  nlohmann::json json() const {
    std::ifstream file(out + "/comparison.json");
    return nlohmann::json::parse(file);
  }
};

TEST_F(CompareCommand, TrainsTheGridOnceAndWritesTheTables) {
  const ProgramResult first = compare("joint,pdmp:gamma=2,umt,greedy", {"--jobs", "2"});
  ASSERT_EQ(first.code, 0) << first.error;
  for (const char* row : {"numbers alone", "caption alone", "joint", "pdmp:gamma=2", "umt", "mmtm"}) {
    EXPECT_THAT(first.out, HasSubstr(row));
  }
  for (const char* file : {"comparison.csv", "comparison.json", "comparison.md", "analysis.json"}) {
    EXPECT_TRUE(fs::exists(fs::path(out) / file)) << file;
  }
  EXPECT_FALSE(fs::exists(out + "/runs/concat/umt/seed0/alone"));  // its teachers are the rows of modalities alone
  const nlohmann::json before = json();

  // One run is lost: it alone is trained again, with the same result.
  const auto kept = fs::path(out) / "runs/concat/joint/seed1/summary.json";
  const auto written = fs::last_write_time(kept);
  fs::remove_all(out + "/runs/concat/umt/seed1");
  const ProgramResult second = compare("joint,pdmp:gamma=2,umt,greedy", {"--jobs", "1", "--json"});
  ASSERT_EQ(second.code, 0) << second.error;
  EXPECT_EQ(fs::last_write_time(kept), written);
  for (size_t i = 0; i < before.at("rows").size(); ++i) {
    EXPECT_EQ(before.at("rows")[i].value("accuracy", nlohmann::json()),
              nlohmann::json::parse(second.out).at("rows")[i].value("accuracy", nlohmann::json()));
  }

  // Other flags would mix two comparisons.
  const ProgramResult other = compare("joint", {"--momentum", "0.5"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.error, HasSubstr("momentum"));
  EXPECT_THAT(other.error, HasSubstr("another --out"));
}

TEST_F(CompareCommand, SearchesEveryMethodWithTheSameNumberOfTrials) {
  const ProgramResult result = compare("joint,ogm", {"--tune", "3"});
  ASSERT_EQ(result.code, 0) << result.error;
  for (const char* method : {"joint", "ogm"}) {
    for (int trial = 0; trial < 3; ++trial) {
      EXPECT_TRUE(fs::exists(fmt::format("{}/tune/concat/{}/trial{}/summary.json", out, method, trial)));
    }
  }
  EXPECT_THAT(result.out, HasSubstr("3"));
  EXPECT_EQ(json().at("rows")[2].at("tuned").get<std::string>().empty(), false);
}

TEST_F(CompareCommand, BestTestIsMarked) {
  const ProgramResult result = compare("joint", {"--best-test"});
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(json().at("selected_by"), "test");
  EXPECT_THAT(result.out, HasSubstr("TEST"));
}

TEST_F(CompareCommand, RefusesNonsenseBeforeAnythingIsWritten) {
  for (const auto& [methods, word] :
       {std::pair{"joint,pdmpp", "pdmpp"}, {"joint:seed=1", "seed"}, {"joint,joint", "twice"}}) {
    const ProgramResult result = compare(methods);
    EXPECT_EQ(result.code, 2) << methods;
    EXPECT_THAT(result.error, HasSubstr(word));
  }
  EXPECT_FALSE(fs::exists(out));
}

}  // namespace
}  // namespace pdmp::testing
