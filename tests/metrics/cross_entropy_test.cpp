#include <cmath>
#include <gtest/gtest.h>

#include "metrics/score_of.h"
#include "pdmp/torch.h"

namespace pdmp::metrics {
namespace {

// The mean over samples, not over batches: three batches of 2, 2 and 1.
TEST(CrossEntropy, IsTheMeanOverSamples) {
  const Tensor probabilities = torch::tensor({{.8, .2}, {.4, .6}, {.5, .5}, {.9, .1}, {.3, .7}}, torch::kFloat64);
  const Tensor labels = torch::tensor({0, 1, 0, 1, 1}, torch::kInt64);
  EXPECT_NEAR(testing::scores_of(probabilities, labels, 2).at("loss"), -std::log(.8 * .6 * .5 * .1 * .7) / 5, 1e-6);
}

}  // namespace
}  // namespace pdmp::metrics
