#include "train/step/best_epoch.h"

#include <gtest/gtest.h>

namespace pdmp::training {
namespace {

Evaluation scores(double accuracy, double loss) {
  Evaluation result;
  result.scores["accuracy"] = accuracy;
  result.scores["loss"] = loss;
  return result;
}

TEST(BestEpoch, TheEarliestOfEquals) {
  BestEpoch best(find_metric("accuracy"));
  EXPECT_EQ(best.epoch(), -1);
  EXPECT_TRUE(best.consider(scores(0, 1), 0));
  EXPECT_TRUE(best.consider(scores(0.5, 1), 1));
  EXPECT_FALSE(best.consider(scores(0.5, 0.1), 2));
  EXPECT_EQ(best.epoch(), 1);
}

TEST(BestEpoch, ALowerLossIsBetter) {
  BestEpoch best(find_metric("loss"));
  EXPECT_TRUE(best.consider(scores(0.9, 1.5), 0));
  EXPECT_FALSE(best.consider(scores(0.95, 1.6), 1));
  EXPECT_TRUE(best.consider(scores(0.1, 1.4), 2));
}

TEST(BestEpoch, PatienceCountsEpochsSinceTheBest) {
  BestEpoch best(find_metric("accuracy"));
  EXPECT_FALSE(best.is_out_of_patience(9, 2));  // nothing was scored
  best.consider(scores(0.5, 1), 3);
  EXPECT_FALSE(best.is_out_of_patience(5, 2));
  EXPECT_TRUE(best.is_out_of_patience(6, 2));
  EXPECT_FALSE(best.is_out_of_patience(99, 0));
}

TEST(BestEpoch, GoesOnFromACheckpointOfThisAndOfEarlierVersions) {
  BestEpoch best(find_metric("loss")), back(find_metric("loss")), old(find_metric("accuracy"));
  best.consider(scores(0.5, 1.25), 3);
  nlohmann::json values;
  best.save(values);
  back.load(values);
  EXPECT_EQ(back.epoch(), 3);
  EXPECT_FALSE(back.consider(scores(0.9, 1.25), 4));
  old.load({{"best_epoch", 2}, {"best_accuracy", 0.75}});
  EXPECT_FALSE(old.consider(scores(0.75, 0), 3));
  EXPECT_TRUE(old.consider(scores(0.76, 0), 4));
}

}  // namespace
}  // namespace pdmp::training
