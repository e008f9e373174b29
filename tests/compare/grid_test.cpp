#include "compare/grid.h"

#include <set>

#include "compare/small_grid.h"
#include "support/expect_error.h"

namespace pdmp::comparing {
namespace {

using testing::SmallGrid;

std::vector<std::string> names(const std::vector<ComparisonRow>& rows) {
  std::vector<std::string> result;
  for (const ComparisonRow& row : rows) result.push_back(row.name);
  return result;
}

TEST(Grid, IsEachModalityAloneAndEveryMethodWithEverySeed) {
  const SmallGrid small({"joint", "pdmp:gamma=5"}, 3);
  const Grid grid = small.make();
  EXPECT_EQ(names(grid.comparison.rows), (std::vector<std::string>{"a alone", "b alone", "joint", "pdmp:gamma=5"}));
  EXPECT_EQ(grid.comparison.reference, "joint");
  EXPECT_EQ(grid.comparison.seeds, (std::vector<uint64_t>{0, 1, 2}));
  EXPECT_EQ(grid.alone.size(), 6);
  ASSERT_EQ(grid.methods.size(), 6);
  EXPECT_TRUE(grid.needs_ranking);
  EXPECT_EQ(grid.methods[0].options.train.seed, 0);  // all methods of a seed before the next seed
  EXPECT_EQ(grid.methods[1].options.train.seed, 0);
  EXPECT_EQ(grid.methods[1].options.method.name(), "pdmp");
  std::set<std::string> folders;
  for (const auto* runs : {&grid.alone, &grid.methods}) {
    for (const GridRun& run : *runs) folders.insert(run.options.run);
  }
  EXPECT_EQ(folders.size(), 12);
}

TEST(Grid, MethodsGetTheAnalysisAndTheTrainingsAloneOfTheirSeed) {
  const SmallGrid small({"joint", "umt"});
  const Grid grid = small.make();
  const RunOptions& last = grid.methods.back().options;
  EXPECT_EQ(last.analysis_file, small.options.out + "/analysis.json");
  EXPECT_EQ(last.alone.at("b"), small.options.out + "/alone/b/seed1");
  EXPECT_EQ(grid.alone.back().options.run, last.alone.at("b"));
  EXPECT_FALSE(grid.needs_ranking);
}

TEST(Grid, RunsSayWhatTheyNeed) {
  const SmallGrid small({"joint", "umt", "pdmp", "pdmp:coefficients=[a=2,b=2]", "umt:weight=0"}, 1);
  const Grid grid = small.make();
  const std::string out = small.options.out;
  ASSERT_EQ(grid.methods.size(), 5);
  EXPECT_THAT(grid.methods[0].needs, ::testing::IsEmpty());
  EXPECT_THAT(grid.methods[1].needs, ::testing::ElementsAre(out + "/alone/a/seed0", out + "/alone/b/seed0"));
  EXPECT_THAT(grid.methods[2].needs, ::testing::ElementsAre(out + "/analysis.json"));
  EXPECT_THAT(grid.methods[3].needs, ::testing::IsEmpty());
  EXPECT_THAT(grid.methods[4].needs, ::testing::IsEmpty());
}

TEST(Grid, WhatMeansNothingIsARowWithAReason) {
  SmallGrid small({"joint", "greedy"});
  small.options.fusions = {"concat", "sum"};
  const Grid grid = small.make();
  const std::vector<ComparisonRow>& rows = grid.comparison.rows;
  ASSERT_EQ(rows.size(), 6);
  EXPECT_THAT(rows[3].refusal, ::testing::HasSubstr("mmtm"));
  EXPECT_TRUE(rows[3].runs.empty());
  EXPECT_EQ(rows[4].fusion, "sum");
  EXPECT_EQ(grid.methods.size(), 4);  // joint on two fusions, two seeds
  EXPECT_EQ(grid.alone.size(), 4);    // the encoders are the same under both fusions
}

TEST(Grid, TellsWhatTheTestSplitIsLike) {
  const Comparison comparison = SmallGrid({"joint"}).make().comparison;
  EXPECT_EQ(comparison.classes, 3);
  EXPECT_EQ(comparison.n_train, 48);
  EXPECT_EQ(comparison.n_test, 24);
  EXPECT_NEAR(comparison.majority, 8.0 / 24, 1e-12);
}

TEST(Grid, AMethodThatMustHoldOutDataIsNamed) {
  SmallGrid small({"joint", "dnr", "joint:batch-size=8"});
  EXPECT_EQ(small.make().other_batches, std::vector<std::string>{"joint:batch-size=8"});
  small.data.val = nullptr;
  const Grid grid = small.make();
  EXPECT_EQ(grid.other_batches, (std::vector<std::string>{"dnr", "joint:batch-size=8"}));
  EXPECT_THAT(grid.comparison.notes, ::testing::ElementsAre(::testing::HasSubstr("dnr trains on 90 %")));
}

TEST(Grid, AReferenceMustBeThere) {
  SmallGrid small({"joint", "ogm"});
  small.options.reference = "ogmm";
  testing::expect_error(ErrorKind::usage, {"`reference`", "'ogmm'", "ogm"}, [&] { small.make(); });
  small.options.reference = "ogm";
  EXPECT_EQ(small.make().comparison.reference, "ogm");
  EXPECT_EQ(SmallGrid({"ogm"}).make().comparison.reference, "");
  for (const char* name : {"b alone", "alone:b"}) {
    small.options.reference = name;
    EXPECT_EQ(small.make().comparison.reference, "b alone");
  }
  small.options.reference = "alone:c";
  testing::expect_error(ErrorKind::usage, {"`reference`", "'alone:c'", "alone:NAME"}, [&] { small.make(); });
}

}  // namespace
}  // namespace pdmp::comparing
