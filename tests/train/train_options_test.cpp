#include <gmock/gmock.h>

#include "pdmp/error.h"
#include "pdmp/trainer.h"

namespace pdmp::training {
namespace {

TEST(TrainOptions, DefaultsAreThePapers) {
  const TrainOptions options;
  EXPECT_EQ(options.epochs, 100);
  EXPECT_EQ(options.batch_size, 64);
  EXPECT_EQ(options.optimizer.optimizer, "sgd");
  EXPECT_EQ(options.optimizer.lr, 1e-3);
  EXPECT_EQ(options.optimizer.momentum, 0.9);
  EXPECT_EQ(options.optimizer.weight_decay, 1e-4);
  EXPECT_EQ(options.optimizer.schedule, "constant");
}

TEST(TrainOptions, FixedFlagNamesExist) {
  TrainOptions options;
  OptionList list;
  options.describe(list);
  for (const char* name : {"epochs", "batch-size", "seed", "lr", "optimizer", "momentum", "weight-decay", "threads",
                           "workers", "device", "precision", "select", "modality-dropout"}) {
    EXPECT_NO_THROW(list.at(name, "test")) << name;
  }
}

TEST(TrainOptions, OutOfRangeIsRefused) {
  TrainOptions options;
  OptionList list;
  options.describe(list);
  EXPECT_THROW(list.set("epochs", "0", "--epochs"), Error);
  EXPECT_THROW(list.set("select", "best", "--select"), Error);
  EXPECT_THROW(list.set("modality-dropout", "1", "--modality-dropout"), Error);
  EXPECT_EQ(options.modality_dropout, 0);
  EXPECT_EQ(options.epochs, 100);
}

}  // namespace
}  // namespace pdmp::training
