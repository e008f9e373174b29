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

// scikit-learn 1.9.1: brier_score_loss(labels, probabilities, scale_by_half=False).
TEST(BrierScore, IsThatOfScikitLearn) {
  EXPECT_NEAR(testing::score_of("brier_score", kProbabilities, kLabels), 0.486, 1e-6);
}

// Twice brier_score_loss([0, 1, 1, 0, 1, 0], [.2, .8, .4, .4, .9, .6]), which halves the sum over two classes.
TEST(BrierScore, OfTwoClassesCountsBoth) {
  const Tensor positive = torch::tensor({.2, .8, .4, .4, .9, .6}, torch::kFloat64);
  const Tensor probabilities = torch::stack({1 - positive, positive}, 1);
  EXPECT_NEAR(testing::score_of("brier_score", probabilities, torch::tensor({0, 1, 1, 0, 1, 0}, torch::kInt64)),
              2 * 0.16166666666666665, 1e-6);
}

TEST(BrierScore, IsZeroOfCertaintyAndTwoOfCertainError) {
  EXPECT_EQ(testing::score_of("brier_score", torch::eye(2), torch::arange(2)), 0);
  EXPECT_EQ(testing::score_of("brier_score", torch::eye(2), 1 - torch::arange(2)), 2);
}

}  // namespace
}  // namespace pdmp
