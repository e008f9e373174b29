#include "train/step/step_log.h"

#include <gtest/gtest.h>

#include "support/toy_task.h"

namespace pdmp::training {
namespace {

TEST(StepLog, EpochSumsAverageWhatWasLoggedAndSurviveSaving) {
  EpochSums sums;
  sums.add({{"coef/a", 15.0}, {"loss/total", 1.0}});
  sums.add({{"loss/total", 2.0}});
  sums.loss = 0.1;
  sums.correct = 3;
  sums.samples = 5;
  const EpochSums back = EpochSums::load(nlohmann::json::parse(sums.save().dump()));
  EXPECT_EQ(back.means(), (StepLog{{"coef/a", 15.0}, {"loss/total", 1.5}}));
  EXPECT_EQ(back.loss, 0.1);
  EXPECT_EQ(back.correct, 3);
  EXPECT_EQ(back.samples, 5);
}

TEST(StepLog, GradientNormsGoToTheirOwners) {
  const auto data = testing::toy_data(8, 2, 1);
  const auto model = testing::toy_model(*data);
  auto groups = default_groups(*model);
  for (ParameterGroup& group : groups) group.lr_scale = group.modality == 0 ? 15 : 1;
  const auto optimizer = make_optimizer({}, std::move(groups));
  // One encoder tensor of modality a with gradient norm 5, one head parameter with norm 2; b has no gradient at all.
  Tensor encoder = model->modality_parameters(0)[0];
  encoder.mutable_grad() = torch::zeros_like(encoder);
  encoder.mutable_grad().view(-1)[0] = 3;
  encoder.mutable_grad().view(-1)[1] = 4;
  Tensor shared = model->shared_parameters()[0];
  shared.mutable_grad() = torch::zeros_like(shared);
  shared.mutable_grad().view(-1)[0] = 2;
  StepLog log;
  log_gradient_norms(log, "gradnorm", *model, *optimizer, false);
  log_gradient_norms(log, "gradnorm_modulated", *model, *optimizer, true);
  EXPECT_EQ(log.at("gradnorm/a"), 5);
  EXPECT_EQ(log.at("gradnorm_modulated/a"), 75);
  EXPECT_EQ(log.at("gradnorm/shared"), 2);
  EXPECT_EQ(log.at("gradnorm_modulated/shared"), 2);
  EXPECT_FALSE(log.contains("gradnorm/b"));
}

TEST(StepLog, BranchesOfTwoModalitiesHaveTheirRatio) {
  const auto data = testing::toy_data(16, 2, 1);
  const auto model = testing::toy_model(*data);
  Loader loader(data, {.batch_size = 16});
  loader.start_epoch(0);
  const Batch batch = *loader.next();
  const Outputs outputs = model->forward(batch, true);
  StepLog log;
  log_branches(log, *model, outputs, batch);
  const double w_a = outputs.unimodal[0].abs().sum(1).mean().item<double>();
  const double w_b = outputs.unimodal[1].abs().sum(1).mean().item<double>();
  EXPECT_NEAR(log.at("dep/W_a"), w_a, 1e-6);
  EXPECT_NEAR(log.at("dep/w"), w_a / w_b, 1e-5);
  EXPECT_GE(log.at("acc/b"), 0);
  EXPECT_LE(log.at("acc/b"), 1);
}

}  // namespace
}  // namespace pdmp::training
