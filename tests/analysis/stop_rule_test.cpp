#include "analysis/stop_rule.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "pdmp/random.h"

namespace pdmp::analysis {
namespace {

constexpr int64_t kSamples = 100;

// Right about the first round(100 a) samples after an epoch of accuracy a: who is better is right wherever the other
// is.
metrics::Hits nested(const std::vector<double>& curve) {
  metrics::Hits hits;
  for (const double accuracy : curve) {
    std::vector<uint8_t> epoch(kSamples, 0);
    std::fill_n(epoch.begin(), std::lround(accuracy * kSamples), uint8_t{1});
    hits.push_back(epoch);
  }
  return hits;
}

// As nested, but right about the last samples.
metrics::Hits opposite(const std::vector<double>& curve) {
  metrics::Hits hits = nested(curve);
  for (std::vector<uint8_t>& epoch : hits) std::reverse(epoch.begin(), epoch.end());
  return hits;
}

std::vector<double> flat(double accuracy, size_t epochs = 10) { return std::vector<double>(epochs, accuracy); }

// first, first + step, ...
std::vector<double> line(double first, double step, size_t epochs = 10) {
  std::vector<double> curve;
  for (size_t e = 0; e < epochs; ++e) curve.push_back(first + step * static_cast<double>(e));
  return curve;
}

std::optional<StopEvidence> decide(const std::vector<metrics::Hits>& hits, int64_t planned = 40) {
  return settled({"a", "v", "t"}, hits, planned, "mean_last", 0);
}

std::optional<StopEvidence> of_two(const metrics::Hits& a, const metrics::Hits& v, int64_t planned = 40,
                                   const std::string& end_mode = "mean_last") {
  return settled({"a", "v"}, {a, v}, planned, end_mode, 0);
}

TEST(StopRule, AClearAndSteadyLeadIsSettled) {
  const auto found = of_two(nested(flat(.5)), nested(flat(.8)));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->rule, "auto");
  EXPECT_EQ(found->stopped_after, 10);
  EXPECT_EQ(found->of, 40);
  EXPECT_EQ(found->evaluations, 5);
  EXPECT_EQ(found->resamples, 1000);
  ASSERT_EQ(found->leads.size(), 1u);
  EXPECT_NEAR(found->leads.at("a").low, .21, .021);  // .3 +- 1.96 sqrt(.3 .7 / 100) = .3 +- .0898
  EXPECT_NEAR(found->leads.at("a").high, .39, .021);
  EXPECT_NEAR(found->forecast.at("a"), .5, 1e-12);
  EXPECT_NEAR(found->forecast.at("v"), .8, 1e-12);
}

TEST(StopRule, NeedsTenEpochsAndAQuarterOfThosePlanned) {
  const auto after = [](size_t epochs, int64_t planned) {
    return of_two(nested(flat(.5, epochs)), nested(flat(.8, epochs)), planned).has_value();
  };
  EXPECT_FALSE(after(9, 20));
  EXPECT_TRUE(after(10, 20));
  EXPECT_TRUE(after(10, 40));
  EXPECT_FALSE(after(10, 41));
  EXPECT_TRUE(after(11, 41));
  EXPECT_FALSE(after(24, 100));
  EXPECT_TRUE(after(25, 100));
  EXPECT_FALSE(after(10, 10));  // over anyway
}

TEST(StopRule, ALeadWithinTheNoiseIsNot) {
  EXPECT_FALSE(of_two(nested(flat(.5)), nested(flat(.5))));  // a tie
  EXPECT_FALSE(of_two(nested(flat(.5)), nested(flat(.51))));
  // Ten samples more: of those where they differ ten against none is clear, fifty against sixty is not.
  EXPECT_TRUE(of_two(nested(flat(.5)), nested(flat(.6))));
  EXPECT_FALSE(of_two(nested(flat(.5)), opposite(flat(.6))));
}

// Few samples tell little in one evaluation and enough in five.
TEST(StopRule, ALeadIsJudgedByAllOfTheLastEvaluationsTogether) {
  const auto by_chance = [](double accuracy, uint64_t seed) {
    RandomStream random(seed);
    metrics::Hits hits(10, std::vector<uint8_t>(kSamples));
    for (std::vector<uint8_t>& epoch : hits) {
      for (uint8_t& hit : epoch) hit = random.bernoulli(accuracy) ? 1 : 0;
    }
    return hits;
  };
  const metrics::Hits behind = by_chance(.45, 1), ahead = by_chance(.62, 2);
  int64_t unclear = 0;
  for (size_t e = 5; e < 10; ++e)
    unclear += metrics::paired_bootstrap({behind[e]}, {ahead[e]}, 1000, 0).low <= 0 ? 1 : 0;
  EXPECT_GT(unclear, 0);
  const auto found = of_two(behind, ahead, 12);
  ASSERT_TRUE(found.has_value());
  const Difference lead =
      metrics::paired_bootstrap({behind.end() - 5, behind.end()}, {ahead.end() - 5, ahead.end()}, 1000, 0);
  EXPECT_EQ(found->leads.at("a").low, lead.low);
  EXPECT_EQ(found->leads.at("a").high, lead.high);
}

TEST(StopRule, TheLeadMustHoldInEachOfTheLastEvaluations) {
  std::vector<double> dip = flat(.8);
  dip[5] = .5;  // the fifth from the end
  EXPECT_FALSE(of_two(nested(flat(.5)), nested(dip)));
  dip[5] = .8;
  dip[4] = .5;
  EXPECT_TRUE(of_two(nested(flat(.5)), nested(dip), 12));
}

TEST(StopRule, ACurveThatWouldCatchUpGoesOn) {
  // .3 + .02 an epoch: mean of the last five .44; in 30 epochs .6 more.
  EXPECT_FALSE(of_two(nested(line(.3, .02)), nested(flat(.8))));
  // In ten epochs .2 more: .64.
  const auto found = of_two(nested(line(.3, .02)), nested(flat(.8)), 20);
  ASSERT_TRUE(found.has_value());
  EXPECT_NEAR(found->forecast.at("a"), .64, 1e-9);
  EXPECT_NEAR(found->forecast.at("v"), .8, 1e-9);
}

TEST(StopRule, ALeaderThatFallsGoesOn) {
  // .9 - .02 an epoch: mean of the last five .76; in 30 epochs .6 less.
  EXPECT_FALSE(of_two(nested(flat(.5)), nested(line(.9, -.02))));
  const auto found = of_two(nested(flat(.5)), nested(line(.9, -.02)), 20);
  ASSERT_TRUE(found.has_value());
  EXPECT_NEAR(found->forecast.at("v"), .56, 1e-9);
}

TEST(StopRule, ALeaderThatRisesAndOthersThatFallAreNotTakenForMoreThanTheyAre) {
  const auto found = of_two(nested(line(.5, -.01)), nested(line(.7, .01)));
  ASSERT_TRUE(found.has_value());
  EXPECT_NEAR(found->forecast.at("a"), .43, 1e-9);
  EXPECT_NEAR(found->forecast.at("v"), .77, 1e-9);
}

TEST(StopRule, CurvesThatCrossAreSettledOnlyAfterwards) {
  std::vector<double> late = line(.2, .05, 13);  // .8 in the end, at .6 in the ninth epoch and ahead from then on
  const auto after = [&](size_t epochs) {
    return of_two(nested(flat(.6, epochs)), nested({late.begin(), late.begin() + static_cast<std::ptrdiff_t>(epochs)}));
  };
  for (const size_t epochs : {10u, 11u, 12u, 13u}) EXPECT_FALSE(after(epochs)) << epochs;
  late.push_back(.8);
  const auto found = after(14);  // the fifth from the end is the first that leads
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->leads.contains("a"));
}

TEST(StopRule, OfThreeTheLeaderMustBeAheadOfBoth) {
  const auto found = decide({nested(flat(.5)), nested(flat(.8)), nested(flat(.5))});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->leads.size(), 2u);
  EXPECT_TRUE(found->leads.contains("a") && found->leads.contains("t"));
  EXPECT_FALSE(decide({nested(flat(.5)), nested(flat(.8)), nested(flat(.8))}));
  EXPECT_FALSE(decide({nested(flat(.5)), nested(flat(.8)), nested(line(.3, .02))}));
}

TEST(StopRule, OneModalityIsSettledAfterTheFewestEpochs) {
  EXPECT_FALSE(settled({"a"}, {nested(flat(.5, 9))}, 40, "mean_last", 0));
  const auto found = settled({"a"}, {nested(flat(.5, 10))}, 40, "mean_last", 0);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->leads.empty());
}

// Whoever the end mode names must be the one that leads.
TEST(StopRule, FollowsTheEndMode) {
  std::vector<double> peak = flat(.5);
  peak[1] = .95;
  EXPECT_TRUE(of_two(nested(peak), nested(flat(.8)), 40, "last"));
  EXPECT_FALSE(of_two(nested(peak), nested(flat(.8)), 40, "best"));
}

TEST(StopRule, SaysTheSameEveryTime) {
  const auto first = of_two(nested(flat(.5)), nested(flat(.8))), second = of_two(nested(flat(.5)), nested(flat(.8)));
  EXPECT_EQ(first->leads.at("a").low, second->leads.at("a").low);
  EXPECT_EQ(first->leads.at("a").high, second->leads.at("a").high);
}

}  // namespace
}  // namespace pdmp::analysis
