#include <gmock/gmock.h>

#include "pdmp/error.h"
#include "pdmp/optimizer.h"

namespace pdmp::optim {
namespace {

TEST(OptimizerOptions, AreDescribedUnderTheirFlags) {
  OptimizerOptions options;
  OptionList list;
  options.describe(list);
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{{"optimizer", "adamw"},
                                                                                   {"lr", "0.01"},
                                                                                   {"momentum", "0.8"},
                                                                                   {"weight-decay", "0.001"},
                                                                                   {"nesterov", "true"},
                                                                                   {"beta1", "0.8"},
                                                                                   {"beta2", "0.99"},
                                                                                   {"eps", "1e-6"},
                                                                                   {"schedule", "cosine"},
                                                                                   {"schedule-epochs", "3,5"},
                                                                                   {"schedule-factor", "0.5"},
                                                                                   {"schedule-floor", "0.1"},
                                                                                   {"warmup-epochs", "2"},
                                                                                   {"clip-norm", "40"},
                                                                                   {"clip-position", "after"},
                                                                                   {"label-smoothing", "0.1"},
                                                                                   {"class-weights", "1,2,3"},
                                                                                   {"loss", "focal:gamma=1"}}) {
    list.set(name, text, "--" + name);
  }
  EXPECT_TRUE(options.adaptive());
  EXPECT_EQ(options.lr, 0.01);
  EXPECT_EQ(options.weight_decay, 0.001);
  EXPECT_TRUE(options.nesterov);
  EXPECT_THAT(options.schedule_epochs, ::testing::ElementsAre(3, 5));
  EXPECT_EQ(options.warmup_epochs, 2);
  EXPECT_EQ(options.clip_norm, 40);
  EXPECT_EQ(options.class_weights, "1,2,3");
  EXPECT_EQ(options.loss, "focal:gamma=1");
}

TEST(OptimizerOptions, RefuseWhatCannotBe) {
  OptimizerOptions options;
  OptionList list;
  options.describe(list);
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{{"lr", "0"},
                                                                                   {"lr", "-1"},
                                                                                   {"momentum", "1"},
                                                                                   {"weight-decay", "-1e-4"},
                                                                                   {"optimizer", "adam"},
                                                                                   {"schedule", "linear"},
                                                                                   {"beta2", "1"},
                                                                                   {"clip-norm", "-1"},
                                                                                   {"clip-position", "middle"},
                                                                                   {"label-smoothing", "1.5"}}) {
    EXPECT_THROW(list.set(name, text, "--" + name), Error) << name << ' ' << text;
  }
}

TEST(OptimizerOptions, DefaultsAreThePapers) {
  const OptimizerOptions options;
  EXPECT_EQ(options.optimizer, "sgd");
  EXPECT_EQ(options.lr, 1e-3);
  EXPECT_EQ(options.momentum, 0.9);
  EXPECT_EQ(options.weight_decay, 1e-4);
  EXPECT_EQ(options.schedule, "constant");
  EXPECT_EQ(options.clip_norm, 0);
}

}  // namespace
}  // namespace pdmp::optim
