#include "compare/failures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compare/small_grid.h"

namespace pdmp::comparing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

GridRun run_of(const std::string& directory, std::vector<std::string> needs = {}) {
  GridRun run{directory, {}, std::move(needs)};
  run.options.run = directory;
  return run;
}

std::vector<std::string> directories(const std::vector<GridRun>& runs) {
  std::vector<std::string> names;
  for (const GridRun& run : runs) names.push_back(run.options.run);
  return names;
}

TEST(Failures, RunsThatNeedWhatFailedFailForThatReason) {
  Failures failures = {{"alone/a/seed0", "it diverged"}, {"joint/seed1", "out of memory"}};
  std::vector<GridRun> runs = {run_of("joint/seed0"), run_of("joint/seed1"),
                               run_of("umt/seed0", {"alone/a/seed0", "alone/b/seed0"}),
                               run_of("umt/seed1", {"alone/a/seed1", "alone/b/seed1"})};
  remove_failed(runs, failures);
  EXPECT_THAT(directories(runs), ElementsAre("joint/seed0", "umt/seed1"));
  EXPECT_EQ(failures.size(), 3);
  EXPECT_EQ(failures.at("umt/seed0"), "it needs alone/a/seed0, which failed: it diverged");
}

TEST(Failures, ARowSaysWhichOfItsSeedsFailed) {
  Comparison comparison;
  comparison.seeds = {5, 6, 7};
  for (const char* name : {"joint", "ogm", "pdmp"}) {
    ComparisonRow row;
    row.name = name;
    for (const char* seed : {"5", "6", "7"}) row.runs.push_back(std::string(name) + seed);
    comparison.rows.push_back(row);
  }
  note_failures(
      comparison,
      {{"ogm6", "it diverged"}, {"pdmp5", "out of memory"}, {"pdmp6", "out of memory"}, {"pdmp7", "out of memory"}});
  EXPECT_EQ(comparison.rows[0].failure, "");
  EXPECT_EQ(comparison.rows[1].failure, "seed 6 of 3: it diverged");
  EXPECT_EQ(comparison.rows[2].failure, "out of memory");
  note_failures(comparison, {{"ogm5", "it diverged"}, {"ogm7", "out of memory"}});
  EXPECT_EQ(comparison.rows[1].failure, "seeds 5, 7 of 3: it diverged");
}

// A row with a failed seed: no mean over the others, no rank, no test, and its reason in every form of the table.
TEST(Failures, ARowThatFailedHasNoScores) {
  const testing::SmallGrid small({"joint", "ogm"});
  Grid grid = small.make();
  for (const auto* runs : {&grid.alone, &grid.methods}) {
    for (const GridRun& one : *runs) {
      if (one.options.run != grid.comparison.rows[3].runs[1]) train(one.options);
    }
  }
  grid.comparison.resamples = 200;
  note_failures(grid.comparison, {{grid.comparison.rows[3].runs[1], "it diverged, -1 | 2"}});
  complete(grid.comparison, {});
  const ComparisonRow &joint = grid.comparison.rows[2], &ogm = grid.comparison.rows[3];
  EXPECT_GT(joint.rank, 0);
  EXPECT_EQ(joint.accuracy().size(), 2);
  EXPECT_EQ(ogm.rank, 0);
  EXPECT_TRUE(ogm.accuracy().empty());
  EXPECT_FALSE(ogm.against_reference.has_value());
  EXPECT_THAT(comparison_text(grid.comparison), HasSubstr("failed: seed 1 of 2: it diverged, -1 | 2\n"));
  EXPECT_THAT(comparison_markdown(grid.comparison), HasSubstr("| ogm | failed: seed 1 of 2: it diverged, -1 \\| 2 |"));
  EXPECT_THAT(comparison_csv(grid.comparison), HasSubstr("\"seed 1 of 2: it diverged, -1 | 2\""));
  const nlohmann::json rows = as_json(grid.comparison).at("rows");
  EXPECT_EQ(rows[3].at("failure"), "seed 1 of 2: it diverged, -1 | 2");
  EXPECT_EQ(rows[3].at("accuracy"), nullptr);
  EXPECT_EQ(rows[2].at("failure"), nullptr);
}

}  // namespace
}  // namespace pdmp::comparing
