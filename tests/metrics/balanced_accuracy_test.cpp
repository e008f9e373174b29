#include <gtest/gtest.h>

#include "metrics/score_of.h"
#include "pdmp/torch.h"

namespace pdmp::metrics {
namespace {

// scikit-learn 1.9.1: balanced_accuracy_score(labels, probabilities.argmax(1)).
TEST(BalancedAccuracy, IsThatOfScikitLearn) {
  EXPECT_NEAR(
      testing::score_of("balanced_accuracy", testing::three_classes().probabilities, testing::three_classes().labels),
      0.611111111111111, 1e-12);
}

// Labels 0 1 0 1 3 3, predictions 0 1 1 1 2 3: scikit-learn says 2/3, too; class 2 has no sample and does not count.
TEST(BalancedAccuracy, LeavesOutClassesThatDoNotOccur) {
  const Tensor predictions = torch::tensor({0, 1, 1, 1, 2, 3}, torch::kInt64);
  const Tensor certain = torch::one_hot(predictions, 4).to(torch::kFloat64);
  const Tensor labels = torch::tensor({0, 1, 0, 1, 3, 3}, torch::kInt64);
  EXPECT_NEAR(testing::score_of("balanced_accuracy", certain, labels), 2.0 / 3, 1e-12);
}

TEST(BalancedAccuracy, OfNothingIsZero) {
  EXPECT_EQ(testing::score_of("balanced_accuracy", torch::empty({0, 2}), torch::empty({0}, torch::kInt64)), 0);
}

}  // namespace
}  // namespace pdmp::metrics
