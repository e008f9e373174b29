#include "pdmp/compare.h"

#include <filesystem>
#include <gmock/gmock.h>

#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;

struct Compare : ::testing::Test {
  const TemporaryDirectory directory;
  const std::string data = write_vector_data(directory);

  ComparisonOptions options(const std::string& out, std::vector<std::string> methods) const {
    return {.methods = std::move(methods),
            .out = (directory / out).string(),
            .controls = false,
            .seeds = 2,
            .resamples = 100,
            .run = tiny_run(data, "", "joint", 1)};
  }
};

TEST_F(Compare, InThisProcessAsInProcessesOfTheProgram) {
  ComparisonOptions here = options("here", {"joint", "ogm"}), there = options("there", {"joint", "ogm"});
  there.program = PDMP_PROGRAM;
  const Comparison a = compare(here), b = compare(there);
  ASSERT_EQ(a.rows.size(), 4u);
  for (size_t i = 0; i < a.rows.size(); ++i) {
    EXPECT_EQ(a.rows[i].name, b.rows[i].name);
    EXPECT_EQ(a.rows[i].failure, "");
    EXPECT_EQ(a.rows[i].scores, b.rows[i].scores) << a.rows[i].name;
  }
  EXPECT_THAT(comparison_text(a), ::testing::HasSubstr("ogm"));
  EXPECT_TRUE(fs::exists(directory / "here" / "comparison.json"));
}

TEST_F(Compare, AFailedTrainingIsARowAndTheRestGoesOn) {
  const Comparison found = compare(options("out", {"joint", "joint:lr=1e30"}));
  ASSERT_EQ(found.rows.size(), 4u);
  EXPECT_TRUE(found.rows[2].has_scores());
  EXPECT_THAT(found.rows[3].failure, ::testing::HasSubstr("diverged"));
}

// Options in a reason: by their names, or as the flags of the program that trains.
TEST_F(Compare, ReasonsNameOptionsAsWhoTrainsDoes) {
  ComparisonOptions here = options("here", {"joint", "greedy"}), there = options("there", {"joint", "greedy"});
  here.seeds = there.seeds = 1;
  there.program = PDMP_PROGRAM;
  EXPECT_THAT(compare(here).rows.at(3).refusal, ::testing::HasSubstr("use `fusion` mmtm"));
  EXPECT_THAT(compare(there).rows.at(3).refusal, ::testing::HasSubstr("use --fusion mmtm"));
}

TEST_F(Compare, NumbersOutOfRangeAreRefused) {
  ComparisonOptions none = options("out", {"joint"});
  none.seeds = 0;
  expect_error(ErrorKind::usage, {"`seeds`", "at least 1", "found 0"}, [&] { compare(none); });
  none.seeds = 1;
  none.resamples = 10;
  expect_error(ErrorKind::usage, {"`resamples`", "100"}, [&] { compare(none); });
}

TEST_F(Compare, SamplesInMemoryStayInThisProcess) {
  ComparisonOptions memory = options("out", {"joint"});
  memory.run.data = load_data(memory.run.data, 0);
  memory.seeds = 1;
  EXPECT_TRUE(compare(memory).rows.at(2).has_scores());
  memory.out = (directory / "other").string();
  memory.program = PDMP_PROGRAM;
  expect_error(ErrorKind::usage, {"in memory"}, [&] { compare(memory); });
}

}  // namespace
}  // namespace pdmp::testing
