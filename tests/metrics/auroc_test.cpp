#include <cmath>
#include <gtest/gtest.h>

#include "metrics/score_of.h"
#include "pdmp/torch.h"

namespace pdmp::metrics {
namespace {

// scikit-learn 1.9.1: roc_auc_score(labels, probabilities, multi_class="ovr", average="macro"); several are equal.
TEST(Auroc, IsThatOfScikitLearn) {
  EXPECT_NEAR(testing::score_of("auroc", testing::three_classes().probabilities, testing::three_classes().labels),
              0.802579365079365, 1e-12);
}

// roc_auc_score([0, 1, 1, 0, 1, 0], [.2, .8, .4, .4, .9, .6])
TEST(Auroc, OfTwoClassesIsThatOfEither) {
  EXPECT_NEAR(testing::score_of("auroc", testing::two_classes().probabilities, testing::two_classes().labels),
              0.8333333333333333, 1e-12);
}

TEST(Auroc, IsUndefinedWhereAClassIsAbsent) {
  EXPECT_TRUE(std::isnan(testing::score_of("auroc", testing::three_classes().probabilities,
                                           testing::three_classes().labels.clamp_max(1))));
  EXPECT_TRUE(std::isnan(testing::score_of("auroc", torch::empty({0, 2}), torch::empty({0}, torch::kInt64))));
}

// A set whose probabilities would take gigabytes: nothing is kept of the few that come.
TEST(Auroc, IsUndefinedForMoreProbabilitiesThanMemoryShouldHold) {
  const ScoredSet large{.samples = int64_t{1} << 40, .classes = 3, .live = -1};
  const ClassCounts counts(testing::three_classes().labels, testing::three_classes().probabilities.argmax(1), 3);
  EXPECT_TRUE(std::isnan(find_metric("auroc").make(large)->value(counts)));
}

}  // namespace
}  // namespace pdmp::metrics
