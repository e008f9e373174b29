#include <cmath>
#include <gtest/gtest.h>

#include "metrics/score_of.h"

namespace pdmp {
namespace {

const Tensor kProbabilities = torch::tensor({{.6, .3, .1},
                                             {.2, .3, .5},
                                             {.3, .4, .3},
                                             {.5, .3, .2},
                                             {.3, .3, .4},
                                             {.1, .1, .8},
                                             {.4, .4, .2},
                                             {.2, .7, .1},
                                             {.5, .2, .3},
                                             {.4, .5, .1}},
                                            torch::kFloat64);
const Tensor kLabels = torch::tensor({0, 2, 1, 1, 0, 2, 2, 1, 0, 0}, torch::kInt64);

// scikit-learn 1.9.1: roc_auc_score(labels, probabilities, multi_class="ovr", average="macro"); several are equal.
TEST(Auroc, IsThatOfScikitLearn) {
  EXPECT_NEAR(testing::score_of("auroc", kProbabilities, kLabels), 0.802579365079365, 1e-12);
}

// roc_auc_score([0, 1, 1, 0, 1, 0], [.2, .8, .4, .4, .9, .6])
TEST(Auroc, OfTwoClassesIsThatOfEither) {
  const Tensor positive = torch::tensor({.2, .8, .4, .4, .9, .6}, torch::kFloat64);
  const Tensor probabilities = torch::stack({1 - positive, positive}, 1);
  EXPECT_NEAR(testing::score_of("auroc", probabilities, torch::tensor({0, 1, 1, 0, 1, 0}, torch::kInt64)),
              0.8333333333333333, 1e-12);
}

TEST(Auroc, IsUndefinedWhereAClassIsAbsent) {
  EXPECT_TRUE(std::isnan(testing::score_of("auroc", kProbabilities, kLabels.clamp_max(1))));
  EXPECT_TRUE(std::isnan(testing::score_of("auroc", torch::empty({0, 2}), torch::empty({0}, torch::kInt64))));
}

// A set whose probabilities would take gigabytes: nothing is kept of the few that come.
TEST(Auroc, IsUndefinedForMoreProbabilitiesThanMemoryShouldHold) {
  const ScoredSet large{.samples = int64_t{1} << 40, .classes = 3, .live = -1};
  const ClassCounts counts(kLabels, kProbabilities.argmax(1), 3);
  EXPECT_TRUE(std::isnan(find_metric("auroc").make(large)->value(counts)));
}

}  // namespace
}  // namespace pdmp
