#include <gtest/gtest.h>

#include "metrics/score_of.h"
#include "pdmp/torch.h"

namespace pdmp::metrics {
namespace {

// Fifteen bins: .9 and .8 are alone in theirs, .62 and .65 share (.6, .667]: (|1 - .9| + |0 - .8| + |2 - 1.27|) / 4.
TEST(CalibrationError, ByHand) {
  const Tensor probabilities = torch::tensor({{.9, .1}, {.8, .2}, {.38, .62}, {.65, .35}}, torch::kFloat64);
  EXPECT_NEAR(testing::score_of("calibration_error", probabilities, torch::tensor({0, 1, 1, 0})), 0.4075, 1e-7);
}

TEST(CalibrationError, IsZeroOfCertaintyAndOfNothing) {
  EXPECT_NEAR(testing::score_of("calibration_error", torch::eye(3), torch::arange(3)), 0, 1e-7);
  EXPECT_EQ(testing::score_of("calibration_error", torch::empty({0, 2}), torch::empty({0}, torch::kInt64)), 0);
}

}  // namespace
}  // namespace pdmp::metrics
