#include "compare/controls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compare/small_grid.h"

namespace pdmp::comparing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SmallGrid;

std::vector<std::string> names(const std::vector<Variant>& variants) {
  std::vector<std::string> result;
  for (const Variant& variant : variants) result.push_back(variant.name);
  return result;
}

std::vector<std::string> names(const Grid& grid) {
  std::vector<std::string> result;
  for (const ComparisonRow& row : grid.comparison.rows) {
    if (!is_unimodal(row)) result.push_back(row.name);
  }
  return result;
}

RunOptions base() {
  RunOptions options;
  options.train.optimizer.lr = .1;
  return options;
}

std::vector<Variant> controlled(const std::vector<std::string>& methods, const RunOptions& options = base(),
                                const std::vector<std::string>& modalities = {"audio", "lips"}) {
  return with_controls(parse_variants(methods), options, modalities);
}

// p and o of two modalities "a" and "b".
ModalityRanking ranking(int64_t performance, int64_t optimization) {
  ModalityRanking result;
  result.modalities = {"a", "b"};
  result.performance_dominant = performance;
  result.optimization_dominant = optimization;
  return result;
}

Grid small_grid(SmallGrid& small) {
  small.options.variants = with_controls(small.options.variants, small.options.run, {"a", "b"});
  return small.make();
}

TEST(WithControls, StandBehindEveryPdmpUnderNamesThatCanBeTyped) {
  EXPECT_THAT(names(controlled({"pdmp", "joint"})),
              ElementsAre("pdmp", "pdmp:coefficients=[audio=15,lips=15]", "joint:lr=1.5", "joint"));
  EXPECT_THAT(names(controlled({"joint", "pdmp:gamma=3:mechanism=grad:lr=0.05"})),
              ElementsAre("joint", "pdmp:gamma=3:mechanism=grad:lr=0.05",
                          "pdmp:mechanism=grad:lr=0.05:coefficients=[audio=3,lips=3]", "joint:lr=0.15"));
  EXPECT_THAT(names(controlled({"joint", "ogm"})), ElementsAre("joint", "ogm"));
}

TEST(WithControls, ListsOfTheVariantKeepOneEnclosure) {
  const std::vector<Variant> variants = controlled({"pdmp:gamma=3:encoders=[audio=mlp:hidden=[8,4],lips=mlp]"});
  ASSERT_EQ(variants.size(), 3u);
  EXPECT_EQ(variants[1].name, "pdmp:encoders=[audio=mlp:hidden=[8,4],lips=mlp]:coefficients=[audio=3,lips=3]");
  for (size_t i = 1; i < variants.size(); ++i) {
    const RunOptions typed = with_variant(base(), parse_variants({variants[i].name}).at(0));
    EXPECT_EQ(config_toml(typed), config_toml(with_variant(base(), variants[i])));
  }
}

TEST(WithControls, TheirSettingsAndRolesFollowTheOwnGammaOfTheVariant) {
  RunOptions options = base();
  OptionList list;
  options.describe(list);
  list.set("pdmp.gamma", "4", "--pdmp.gamma");
  const std::vector<Variant> variants = controlled({"pdmp"}, options);
  ASSERT_EQ(variants.size(), 3u);
  EXPECT_THAT(variants[1].settings, ElementsAre(std::pair("pdmp.coefficients", "audio=4,lips=4")));
  EXPECT_THAT(variants[2].settings, ElementsAre(std::pair("lr", "0.4")));
  EXPECT_TRUE(variants[1].added_control && variants[2].added_control && !variants[0].added_control);
  EXPECT_EQ(variants[1].controls[0].of, "pdmp");
  EXPECT_EQ(variants[1].controls[0].what, "every encoder × 4");
  EXPECT_EQ(variants[2].controls[0].what, "joint, learning rate × 4");
  EXPECT_DOUBLE_EQ(with_variant(options, variants[2]).train.optimizer.lr, .4);
}

TEST(WithControls, ValuesInBracketsStayInOnePair) {
  const Variant typed{.name = "pdmp:encoders=[audio=mlp:hidden=4]",
                      .method = "pdmp",
                      .settings = {{"encoders", "[audio=mlp:hidden=4]"}}};
  EXPECT_THAT(names(with_controls({typed}, base(), {"audio", "lips"})),
              ElementsAre(typed.name, "pdmp:encoders=[audio=mlp:hidden=4]:coefficients=[audio=15,lips=15]",
                          "joint:encoders=[audio=mlp:hidden=4]:lr=1.5"));
}

TEST(WithControls, OfCoefficientsByHandTakeTheLargest) {
  Variant by_hand{.name = "pdmp:coefficients=[audio=0.5,lips=6]",
                  .method = "pdmp",
                  .settings = {{"pdmp.coefficients", "audio=0.5,lips=6"}}};
  EXPECT_THAT(names(with_controls({by_hand}, base(), {"audio", "lips"})),
              ElementsAre(by_hand.name, "pdmp:coefficients=[audio=6,lips=6]", "joint:lr=0.6"));
  by_hand.settings = {{"pdmp.coefficients", "audio=6,lips=6"}};  // a control itself
  EXPECT_THAT(with_controls({by_hand}, base(), {"audio", "lips"}), ::testing::SizeIs(1));
}

TEST(WithControls, WhatIsThereAlreadyIsNotAddedTwice) {
  std::vector<Variant> variants = parse_variants({"pdmp", "joint:lr=1.5", "pdmp:gamma=15"});
  variants.push_back({.name = "mine", .method = "pdmp", .settings = {{"pdmp.coefficients", "lips=15,audio=15"}}});
  const std::vector<Variant> result = with_controls(variants, base(), {"audio", "lips"});
  EXPECT_THAT(names(result), ElementsAre("pdmp", "joint:lr=1.5", "pdmp:gamma=15", "mine"));
  EXPECT_FALSE(result[1].added_control);
  ASSERT_EQ(result[1].controls.size(), 2u);  // of both spellings of pdmp
  EXPECT_EQ(result[1].controls[1].of, "pdmp:gamma=15");
  EXPECT_EQ(result[3].controls[0].of, "pdmp");
}

TEST(WithControls, NoneWhereNothingCouldLead) {
  EXPECT_THAT(names(controlled({"pdmp:gamma=1"})), ElementsAre("pdmp:gamma=1"));
  EXPECT_THAT(names(controlled({"pdmp"}, base(), {"audio"})), ElementsAre("pdmp"));
}

TEST(DropNeedlessControls, KeepsBothWhereOneModalityLeads) {
  SmallGrid small({"joint", "pdmp"});
  Grid grid = small_grid(small);
  const ModalityRanking leading = ranking(0, 1);
  drop_needless_controls(grid, &leading);
  EXPECT_THAT(names(grid), ElementsAre("joint", "pdmp", "pdmp:coefficients=[a=15,b=15]", "joint:lr=0.75"));
  EXPECT_EQ(grid.methods.size(), 8u);
  EXPECT_FALSE(grid.comparison.rows[3].no_lead);
}

TEST(DropNeedlessControls, WherePdmpMultipliesAllAlikeItIsItsOwnControl) {
  SmallGrid small({"joint", "pdmp"});
  Grid grid = small_grid(small);
  const ModalityRanking alike = ranking(1, 1);
  drop_needless_controls(grid, &alike);
  EXPECT_THAT(names(grid), ElementsAre("joint", "pdmp", "joint:lr=0.75"));
  EXPECT_EQ(grid.methods.size(), 6u);
  EXPECT_TRUE(grid.comparison.rows[3].no_lead);
}

TEST(DropNeedlessControls, AReferenceThatIsNotTrainedIsTheRowItEquals) {
  SmallGrid small({"joint", "pdmp"});
  small.options.reference = "pdmp:coefficients=[a=15,b=15]";
  Grid grid = small_grid(small);
  EXPECT_EQ(grid.comparison.reference, "pdmp:coefficients=[a=15,b=15]");
  const ModalityRanking alike = ranking(0, 0);
  drop_needless_controls(grid, &alike);
  EXPECT_EQ(grid.comparison.reference, "pdmp");
  EXPECT_THAT(grid.comparison.notes, ElementsAre(::testing::HasSubstr("pdmp stands for it")));
}

TEST(DropNeedlessControls, GoWithARowThatIsNotApplicable) {
  SmallGrid small({"joint", "pdmp"});
  Grid grid = small_grid(small);
  grid.comparison.rows[3].refusal = "it has no encoders of its own";
  drop_needless_controls(grid, nullptr);
  EXPECT_THAT(names(grid), ElementsAre("joint", "pdmp"));
}

TEST(FollowSearch, AddedControlsTakeOverWhatWasFoundForTheirRow) {
  SmallGrid small({"joint", "pdmp", "joint:lr=0.75"});
  Grid grid = small_grid(small);
  EXPECT_THAT(names(grid), ElementsAre("joint", "pdmp", "pdmp:coefficients=[a=15,b=15]", "joint:lr=0.75"));
  for (GridRun& run : grid.methods) {
    if (run.options.run.find("/pdmp/") == std::string::npos) continue;
    run.options = with_variant(run.options,
                               {.name = "pdmp", .method = "pdmp", .settings = {{"pdmp.gamma", "8"}, {"lr", "0.02"}}});
  }
  follow_search(grid);
  const ComparisonRow &control = grid.comparison.rows[4], &named = grid.comparison.rows[5];
  EXPECT_EQ(control.tuned, "pdmp.coefficients=a=8,b=8");
  EXPECT_THAT(named.controls, IsEmpty());  // searched itself, it is no control any more
  size_t checked = 0;
  for (const GridRun& run : grid.methods) {
    if (run.options.run != control.runs[0] && run.options.run != control.runs[1]) continue;
    EXPECT_EQ(run.options.train.optimizer.lr, .02);
    EXPECT_THAT(config_toml(run.options), ::testing::HasSubstr("a=8,b=8"));
    EXPECT_EQ(run.options.train.seed, checked);
    ++checked;
  }
  EXPECT_EQ(checked, 2u);
}

TEST(FollowSearch, TheLearningRateIsTheFoundOneTimesTheFoundFactor) {
  SmallGrid small({"pdmp"}, 1);
  Grid grid = small_grid(small);
  grid.methods[0].options = with_variant(
      grid.methods[0].options, {.name = "pdmp", .method = "pdmp", .settings = {{"pdmp.gamma", "8"}, {"lr", "0.02"}}});
  follow_search(grid);
  EXPECT_EQ(grid.methods[2].options.method.name(), "joint");
  EXPECT_EQ(grid.methods[2].options.train.optimizer.lr, .16);
  EXPECT_EQ(grid.comparison.rows.back().tuned, "lr=0.16");
}

}  // namespace
}  // namespace pdmp::comparing
