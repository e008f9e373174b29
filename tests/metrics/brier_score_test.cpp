#include <gtest/gtest.h>

#include "metrics/score_of.h"
#include "pdmp/torch.h"

namespace pdmp::metrics {
namespace {

// scikit-learn 1.9.1: brier_score_loss(labels, probabilities, scale_by_half=False).
TEST(BrierScore, IsThatOfScikitLearn) {
  EXPECT_NEAR(testing::score_of("brier_score", testing::three_classes().probabilities, testing::three_classes().labels),
              0.486, 1e-6);
}

// Twice brier_score_loss([0, 1, 1, 0, 1, 0], [.2, .8, .4, .4, .9, .6]), which halves the sum over two classes.
TEST(BrierScore, OfTwoClassesCountsBoth) {
  EXPECT_NEAR(testing::score_of("brier_score", testing::two_classes().probabilities, testing::two_classes().labels),
              2 * 0.16166666666666665, 1e-6);
}

TEST(BrierScore, IsZeroOfCertaintyAndTwoOfCertainError) {
  EXPECT_EQ(testing::score_of("brier_score", torch::eye(2), torch::arange(2)), 0);
  EXPECT_EQ(testing::score_of("brier_score", torch::eye(2), 1 - torch::arange(2)), 2);
}

}  // namespace
}  // namespace pdmp::metrics
