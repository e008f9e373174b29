// Numbers from methods-collaborative 4.5, tests 1 to 3.
#include <gtest/gtest.h>

#include "methods/reconboost.h"

namespace pdmp::methods {
namespace {

TEST(BoostingPhase, LearnersTakeTurnsAndMeet) {
  struct Row {
    int64_t epoch, stage, learner, learners;
    bool together;
  };
  for (const Row& row : {Row{0, 0, 0, 1, false}, Row{1, 0, 0, 1, true}, Row{2, 1, 1, 2, false}, Row{3, 1, 1, 2, true},
                         Row{4, 2, 2, 3, false}, Row{6, 3, 0, 3, false}, Row{99, 49, 1, 3, true}}) {
    const BoostingPhase phase = boosting_phase(row.epoch, 3, 1, 1);
    EXPECT_EQ(phase.stage, row.stage) << row.epoch;
    EXPECT_EQ(phase.learner, row.learner) << row.epoch;
    EXPECT_EQ(phase.learners, row.learners) << row.epoch;
    EXPECT_EQ(phase.together, row.together) << row.epoch;
    EXPECT_EQ(phase.index(), row.epoch);
  }
  const int64_t indices[] = {0, 0, 1, 1, 1, 2, 2, 3, 3, 3};
  for (int64_t epoch = 0; epoch < 10; ++epoch) EXPECT_EQ(boosting_phase(epoch, 2, 2, 3).index(), indices[epoch]);
}

struct Seen {
  double loss;
  Tensor gradient;
};

Seen seen(double others) {
  Tensor logits = at::tensor({1., 0.}, at::kDouble).reshape({1, 2}).requires_grad_(true);
  const Tensor loss = residual_loss(logits, at::zeros({1}, at::kLong), at::full({1}, others, at::kDouble), 5, 1);
  loss.backward();
  return {loss.item<double>(), logits.grad().flatten()};
}

TEST(ResidualLoss, WeighsWhatTheOthersKnowLess) {
  const Seen half = seen(0.5);
  EXPECT_NEAR(half.loss, .704839, 1e-6);
  EXPECT_TRUE(at::allclose(half.gradient, at::tensor({-.605118, .605118}, at::kDouble), 0, 1e-6));
  const Seen sure = seen(.952574);
  EXPECT_NEAR(sure.loss, .633952, 1e-6);
  EXPECT_TRUE(at::allclose(sure.gradient, at::tensor({-.544260, .544260}, at::kDouble), 0, 1e-6));
  EXPECT_NEAR(seen(1).loss, 2 * .3132616875, 1e-9);  // nobody else: (5 - 1) / 2
}

}  // namespace
}  // namespace pdmp::methods
