#include "methods/parts/coefficients.h"

#include <cmath>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "pdmp/error.h"

namespace pdmp::methods {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr PdmpMultiPolicy kPolicies[] = {PdmpMultiPolicy::literal, PdmpMultiPolicy::per_modality,
                                         PdmpMultiPolicy::ranked};

ModalityRanking ranking(int64_t p, int64_t o, std::vector<double> early, std::vector<double> final) {
  ModalityRanking result;
  for (size_t m = 0; m < early.size(); ++m) result.modalities.push_back(fmt::format("m{}", m));
  result.performance_dominant = p;
  result.optimization_dominant = o;
  result.early = std::move(early);
  result.final = std::move(final);
  return result;
}

// Eq. 12; methods-modulation 1.8 number 5.
TEST(PdmpCoefficients, TwoModalitiesAreThePapers) {
  for (const PdmpMultiPolicy policy : kPolicies) {
    EXPECT_THAT(pdmp_coefficients(ranking(1, 0, {.35, .25}, {.55, .62}), 15, policy),
                ElementsAre(DoubleEq(1.0 / 15), DoubleEq(15)));
    EXPECT_THAT(pdmp_coefficients(ranking(0, 0, {.35, .25}, {.62, .55}), 15, policy),
                ElementsAre(DoubleEq(15), DoubleEq(15)));
  }
}

// methods-modulation 1.4.
TEST(PdmpCoefficients, ThreeModalitiesByPolicy) {
  const ModalityRanking both_ahead = ranking(1, 0, {.50, .30, .40}, {.70, .80, .60});
  const double slow = 1.0 / 15;
  EXPECT_THAT(pdmp_coefficients(both_ahead, 15, PdmpMultiPolicy::literal),
              ElementsAre(DoubleEq(slow), 15, DoubleEq(slow)));
  EXPECT_THAT(pdmp_coefficients(both_ahead, 15, PdmpMultiPolicy::per_modality), ElementsAre(DoubleEq(slow), 15, 15));
  EXPECT_THAT(pdmp_coefficients(both_ahead, 15, PdmpMultiPolicy::ranked),
              ElementsAre(DoubleEq(slow), 15, DoubleEq(slow)));
  const ModalityRanking one_ahead = ranking(1, 0, {.50, .30, .20}, {.70, .80, .60});
  EXPECT_THAT(pdmp_coefficients(one_ahead, 15, PdmpMultiPolicy::ranked), ElementsAre(DoubleEq(slow), 15, 15));
  EXPECT_THAT(pdmp_coefficients(one_ahead, 15, PdmpMultiPolicy::literal),
              ElementsAre(DoubleEq(slow), 15, DoubleEq(slow)));
}

TEST(PdmpCoefficients, LeaderAheadFromTheStartSpeedsAllUp) {
  const ModalityRanking leader = ranking(2, 2, {.2, .3, .4}, {.5, .6, .7});
  for (const PdmpMultiPolicy policy : kPolicies)
    EXPECT_THAT(pdmp_coefficients(leader, 10, policy), ElementsAre(10, 10, 10));
}

TEST(PdmpCoefficients, GammaOneIsOnes) {
  for (const PdmpMultiPolicy policy : kPolicies) {
    EXPECT_THAT(pdmp_coefficients(ranking(1, 0, {.5, .3}, {.5, .6}), 1, policy), ElementsAre(1, 1));
  }
}

TEST(PdmpCoefficients, RankedNeedsEarlyAccuracies) {
  ModalityRanking manual = ranking(1, 0, {0, 0}, {});
  manual.early.clear();
  EXPECT_THAT(pdmp_coefficients(manual, 2, PdmpMultiPolicy::literal), ElementsAre(0.5, 2));
  EXPECT_THROW(pdmp_coefficients(manual, 2, PdmpMultiPolicy::ranked), Error);
  manual.early = {std::nan(""), std::nan("")};
  EXPECT_THROW(pdmp_coefficients(manual, 2, PdmpMultiPolicy::ranked), Error);
}

std::string refusal(const NameMap& coefficients) {
  try {
    manual_coefficients(coefficients, {"audio", "visual"});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "accepted";
}

TEST(ManualCoefficients, FollowTheModalitiesOrder) {
  EXPECT_THAT(manual_coefficients({{"audio", "0.1"}, {"visual", "10"}}, {"visual", "audio"}), ElementsAre(10, 0.1));
}

TEST(ManualCoefficients, NameEveryModalityAndNothingElse) {
  EXPECT_THAT(refusal({{"audio", "2"}}), HasSubstr("must name every modality (audio, visual), 'visual' is missing"));
  EXPECT_THAT(refusal({{"audio", "2"}, {"visal", "3"}}), HasSubstr("'visal', which is no modality of this data set"));
  EXPECT_THAT(refusal({{"audio", "2"}, {"visal", "3"}}), HasSubstr("did you mean 'visual'"));
}

TEST(ManualCoefficients, AreNumbersAboveZero) {
  for (const std::string bad : {"0", "-1", "x", "", "2x", "inf", "nan"}) {
    EXPECT_THAT(refusal({{"audio", "2"}, {"visual", bad}}),
                HasSubstr("'visual' needs a number above 0, found '" + bad + "'"));
  }
}

}  // namespace
}  // namespace pdmp::methods
