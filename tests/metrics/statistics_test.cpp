#include "metrics/statistics.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

namespace pdmp::metrics {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::NanSensitiveDoubleEq;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Two models that are right by a rule which Python repeats.
Hits reference_hits(size_t seeds, size_t samples) {
  Hits hits(seeds, std::vector<uint8_t>(samples));
  for (size_t s = 0; s < seeds; ++s) {
    for (size_t i = 0; i < samples; ++i) hits[s][i] = (i * 7 + s) % 10 < 6 ? 1 : 0;
  }
  return hits;
}

Hits other_hits(size_t seeds, size_t samples) {
  Hits hits(seeds, std::vector<uint8_t>(samples));
  for (size_t s = 0; s < seeds; ++s) {
    for (size_t i = 0; i < samples; ++i) {
      hits[s][i] = (i * 7 + s) % 10 < 5 || (i * (3 + 2 * s)) % 8 < 2 + s ? 1 : 0;
    }
  }
  return hits;
}

// `only_reference` samples that the one gets right and `only_other` that the other does, and some that both do or none.
McNemar mcnemar_of(int64_t only_reference, int64_t only_other) {
  std::vector<uint8_t> reference = {1, 0, 1}, other = {1, 0, 1};
  reference.resize(3 + static_cast<size_t>(only_reference), 1);
  other.resize(reference.size(), 0);
  reference.resize(reference.size() + static_cast<size_t>(only_other), 0);
  other.resize(reference.size(), 1);
  return mcnemar(reference, other);
}

TEST(MeanSd, OfASample) {
  const MeanSd three = mean_sd({1, 2, 6});
  EXPECT_NEAR(three.mean, 3, 1e-12);
  EXPECT_NEAR(three.sd, 2.6457513110645907, 1e-12);  // sqrt((4 + 1 + 9) / 2)
  EXPECT_EQ(mean_sd({5}).sd, 0);
  // numpy.std([.71, .74, .69, .8, .755], ddof=1)
  EXPECT_NEAR(mean_sd({.71, .74, .69, .8, .755}).sd, 0.042485291572496045, 1e-15);
}

// scipy.stats.bootstrap((reference, other), difference of the means, paired=True, n_resamples=200000,
// method="percentile"): -0.035 to 0.085 for three generators; p from its bootstrap_distribution: 0.4450, 0.4478,
// 0.4435.
TEST(PairedBootstrap, OfOneSeedAsScipy) {
  const Difference found = paired_bootstrap(reference_hits(1, 200), other_hits(1, 200), 10000, 0);
  EXPECT_NEAR(found.mean, 0.025, 1e-12);
  EXPECT_NEAR(found.low, -0.035, 0.0051);  // one sample is 0.005
  EXPECT_NEAR(found.high, 0.085, 0.0051);
  EXPECT_NEAR(found.p, 0.445, 0.03);
}

// 200,000 resamples with numpy.random.default_rng(0 to 2): D[ix_(g.integers(0, 3, 3), g.integers(0, 200, 200))].mean(),
// numpy.percentile(., [2.5, 97.5]): 0.0167 to 0.1683 for all three; p 0.0203, 0.0205, 0.0198.
TEST(PairedBootstrap, DrawsSeedsToo) {
  const Difference found = paired_bootstrap(reference_hits(3, 200), other_hits(3, 200), 10000, 0);
  EXPECT_NEAR(found.mean, 0.09166666666666666, 1e-12);
  EXPECT_NEAR(found.low, 0.01666667, 0.004);
  EXPECT_NEAR(found.high, 0.16833333, 0.004);
  EXPECT_NEAR(found.p, 0.0202, 0.007);
}

TEST(PairedBootstrap, IsTheSameForASeedAndTurnsWithItsArguments) {
  const Hits reference = reference_hits(3, 200), other = other_hits(3, 200);
  const Difference there = paired_bootstrap(reference, other, 1000, 5),
                   again = paired_bootstrap(reference, other, 1000, 5);
  EXPECT_EQ(there.low, again.low);
  EXPECT_EQ(there.p, again.p);
  const Difference back = paired_bootstrap(other, reference, 1000, 5);
  EXPECT_DOUBLE_EQ(back.mean, -there.mean);
  EXPECT_NEAR(back.low, -there.high, 1e-12);
  EXPECT_NEAR(back.high, -there.low, 1e-12);
  EXPECT_EQ(back.p, there.p);
}

TEST(PairedBootstrap, OfEqualsAndOfExtremes) {
  const Hits hits = reference_hits(2, 50);
  const Difference none = paired_bootstrap(hits, hits, 500, 0);
  EXPECT_EQ(none.mean, 0);
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 0);
  EXPECT_EQ(none.p, 1);
  const Difference all = paired_bootstrap({{0, 0, 0}}, {{1, 1, 1}}, 500, 0);
  EXPECT_EQ(all.mean, 1);
  EXPECT_EQ(all.low, 1);
  EXPECT_EQ(all.high, 1);
  EXPECT_DOUBLE_EQ(all.p, 1.0 / 500);  // never 0: more resamples might have found one
}

// scipy.stats.binomtest(only_reference, only_reference + only_other, 0.5).pvalue, and the same digits from
// statsmodels' mcnemar([[9, only_reference], [only_other, 9]], exact=True).pvalue.
TEST(McNemar, AsScipyAndStatsmodels) {
  EXPECT_NEAR(mcnemar_of(12, 3).p, 0.03515625, 1e-14);
  EXPECT_NEAR(mcnemar_of(3, 12).p, 0.03515625, 1e-14);
  EXPECT_NEAR(mcnemar_of(0, 6).p, 0.03125, 1e-14);
  EXPECT_NEAR(mcnemar_of(40, 70).p, 0.005447429511444476, 1e-14);
  EXPECT_NEAR(mcnemar_of(700, 800).p, 0.010559255466711506, 1e-12);
  EXPECT_NEAR(mcnemar_of(2000, 1000).p / 1.0090148627940651e-75, 1, 1e-9);
  EXPECT_EQ(mcnemar_of(5, 5).p, 1);
  EXPECT_EQ(mcnemar_of(10, 9).p, 1);
  EXPECT_EQ(mcnemar_of(1, 0).p, 1);
  EXPECT_EQ(mcnemar_of(0, 0).p, 1);
}

TEST(McNemar, CountsWhatOneOfTheTwoGetsRight) {
  const McNemar found = mcnemar({1, 1, 1, 0, 0}, {1, 0, 0, 1, 0});
  EXPECT_EQ(found.only_reference, 2);
  EXPECT_EQ(found.only_other, 1);
}

// statsmodels' multipletests(p, method="holm")[1].
TEST(Holm, AsStatsmodels) {
  EXPECT_THAT(holm({.01, .04, .03, .005}), ElementsAre(DoubleEq(.03), DoubleEq(.06), DoubleEq(.06), DoubleEq(.02)));
  EXPECT_THAT(holm({.2, .0004, .5, .03, .03, .9}),
              ElementsAre(DoubleEq(.6), DoubleEq(.0024), DoubleEq(1), DoubleEq(.15), DoubleEq(.15), DoubleEq(1)));
  EXPECT_TRUE(holm({}).empty());
}

TEST(Holm, WhatIsNoNumberStaysOut) {
  EXPECT_THAT(holm({.01, kNan, .03}), ElementsAre(DoubleEq(.02), NanSensitiveDoubleEq(kNan), DoubleEq(.03)));
}

// scipy.stats.rankdata(-x), method "average".
TEST(Ranks, AsScipy) {
  EXPECT_THAT(ranks({.8, .9, .8, .7, .9, .9}), ElementsAre(4.5, 2, 4.5, 6, 2, 2));
  EXPECT_THAT(ranks({.8, kNan, .9}), ElementsAre(2, NanSensitiveDoubleEq(kNan), 1));
}

}  // namespace
}  // namespace pdmp::metrics
