#include "compare/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pdmp::comparing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Contrast contrast(double mean, double p_holm) {
  Contrast result;
  result.difference = {mean, mean - .05, mean + .05, p_holm};
  result.p_holm = p_holm;
  return result;
}

ComparisonRow method(const std::string& name, std::optional<Contrast> against_unimodal = {}) {
  ComparisonRow row;
  row.name = name;
  row.fusion = "concat";
  row.scores["accuracy"] = {.5};
  row.against_unimodal = std::move(against_unimodal);
  return row;
}

ComparisonRow unimodal(const std::string& name) {
  ComparisonRow row = method(name);
  row.fusion.clear();
  row.scores["accuracy"] = {.5, .75};
  return row;
}

ComparisonRow control(const std::string& what, bool of_encoders, std::optional<Contrast> gain) {
  ComparisonRow row = method(what);
  row.controls = {{.of = "pdmp", .what = what, .of_encoders = of_encoders, .gain = std::move(gain)}};
  return row;
}

// pdmp and its controls with these gains.
Comparison controlled(std::optional<Contrast> over_encoders, std::optional<Contrast> over_learning_rate) {
  Comparison comparison;
  comparison.rows = {method("joint"), method("pdmp"), control("every encoder × 15", true, std::move(over_encoders)),
                     control("joint, learning rate × 15", false, std::move(over_learning_rate))};
  return comparison;
}

TEST(UnimodalAnswer, SaysWhatBeatsTheBestSingleModalityAndByHowMuch) {
  Comparison comparison;
  comparison.best_unimodal = "caption alone";
  comparison.rows = {unimodal("picture alone"),          unimodal("caption alone"),
                     method("joint", contrast(.1, .01)), method("pdmp", contrast(.15, .002)),
                     method("ogm", contrast(.02, .5)),   method("mla", contrast(0, 1)),
                     method("agm", contrast(-.01, .8)),  method("dnr", contrast(-.2, .001))};
  EXPECT_EQ(unimodal_answer(comparison),
            "The best single modality is caption alone (0.625 on test; chosen on validation). It is beaten by joint by "
            "+0.100, pdmp by +0.150. At or above it, but within chance: ogm by +0.020, mla by +0.000. ↓ Below the best "
            "single modality, within chance: agm by -0.010. ⇓ Significantly below the best single modality: dnr by "
            "-0.200.");
}

TEST(UnimodalAnswer, SaysWhereNothingBeatsIt) {
  Comparison comparison;
  comparison.best_unimodal = "caption alone";
  comparison.rows = {unimodal("caption alone"), method("joint", contrast(.1, .3))};
  EXPECT_EQ(unimodal_answer(comparison),
            "The best single modality is caption alone (0.625 on test; the only one). No method is shown to beat it. "
            "At or above it, but within chance: joint by +0.100.");
}

TEST(UnimodalAnswer, IsEmptyWithoutAChosenModelOrMethods) {
  Comparison comparison;
  comparison.rows = {unimodal("caption alone"), method("joint")};
  EXPECT_EQ(unimodal_answer(comparison), "");
  comparison.best_unimodal = "caption alone";
  EXPECT_EQ(unimodal_answer(comparison), "");
}

TEST(ControlAnswer, LeadingDoesMoreWhereBothControlsAreBeaten) {
  EXPECT_THAT(control_answers(controlled(contrast(.1, .01), contrast(.3, .001))),
              ElementsAre("pdmp against its controls: +0.100 [+0.050, +0.150] over every encoder × 15 and +0.300 "
                          "[+0.250, +0.350] over joint, learning rate × 15, so letting one modality lead does more "
                          "here than a larger learning rate for all."));
}

TEST(ControlAnswer, NothingIsShownWhereOneOfThemIsWithinChance) {
  EXPECT_THAT(control_answers(controlled(contrast(.02, .4), contrast(.3, .001))),
              ElementsAre("pdmp against its controls: +0.020 [-0.030, +0.070] over every encoder × 15 and +0.300 "
                          "[+0.250, +0.350] over joint, learning rate × 15, so it is not shown here that letting one "
                          "modality lead does more than a larger learning rate for all."));
}

TEST(ControlAnswer, ALargerLearningRateDoesBetterWhereOneOfThemWins) {
  EXPECT_THAT(control_answers(controlled(contrast(-.2, .01), contrast(.3, .001))),
              ElementsAre("pdmp against its controls: -0.200 [-0.250, -0.150] over every encoder × 15 and +0.300 "
                          "[+0.250, +0.350] over joint, learning rate × 15, so a larger learning rate for all does "
                          "better here than letting one modality lead."));
}

TEST(ControlAnswer, SaysWhereNoModalityLeads) {
  Comparison comparison = controlled(contrast(.1, .01), contrast(.3, .001));
  comparison.rows[1].no_lead = true;
  comparison.rows.erase(comparison.rows.begin() + 2);  // it would be pdmp itself
  EXPECT_THAT(control_answers(comparison),
              ElementsAre("pdmp against its control: +0.300 [+0.250, +0.350] over joint, learning rate × 15, but it "
                          "multiplies every encoder alike here, so that no modality leads and nothing is shown of "
                          "leading."));
}

TEST(ControlAnswer, NamesControlsWithoutAResult) {
  EXPECT_THAT(control_answers(controlled(contrast(.1, .01), {})),
              ElementsAre("pdmp against its control: +0.100 [+0.050, +0.150] over every encoder × 15 (joint, learning "
                          "rate × 15 has no result), so letting one modality lead does more here than a larger "
                          "learning rate for all."));
  EXPECT_THAT(control_answers(controlled({}, {})),
              ElementsAre("The controls of pdmp have no result (every encoder × 15; joint, learning rate × 15), so "
                          "nothing is shown of why it does what it does."));
}

TEST(ControlAnswer, IsOfTheSameFusionAndNamesIt) {
  Comparison comparison = controlled(contrast(.1, .01), contrast(.3, .001));
  comparison.rows.push_back(method("pdmp"));
  comparison.rows.back().fusion = "sum";
  const std::vector<std::string> answers = control_answers(comparison);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].find("pdmp (concat) against its controls: "), 0u);
}

TEST(IdleAnswer, NamesTheJointRow) {
  Comparison comparison;
  comparison.rows = {method("joint"), method("dnr")};
  EXPECT_THAT(idle_answers(comparison), IsEmpty());
  comparison.rows[1].never_acted = "joint";
  EXPECT_THAT(idle_answers(comparison),
              ElementsAre("dnr never acted: equal to joint (every loss and prediction is the same)"));
}

TEST(BelowMark, IsOfMethodsBelowTheBestUnimodalModel) {
  EXPECT_EQ(below_mark(method("ogm")), "");
  EXPECT_EQ(below_mark(method("ogm", contrast(.1, .01))), "");
  EXPECT_EQ(below_mark(method("ogm", contrast(-.1, .3))), "below the best single modality");
  EXPECT_EQ(below_mark(method("ogm", contrast(-.1, .01))), "significantly below the best single modality");
}

}  // namespace
}  // namespace pdmp::comparing
