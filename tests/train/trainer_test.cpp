#include "pdmp/trainer.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <torch/nn/modules/linear.h>

#include "pdmp/error.h"
#include "support/toy_task.h"
#include "train/training_inputs.h"

namespace pdmp::training {
namespace {

using ::testing::HasSubstr;

TEST(Trainer, LearnsTheToyTask) {
  const TrainingData data = testing::toy_splits();
  const auto model = testing::toy_model(*data.train);
  Method joint;
  const FitResult result = Trainer(testing::toy_training(15), std::nullopt).fit(model, joint, data);
  ASSERT_EQ(result.history.size(), 15u);
  EXPECT_LT(result.history.back().train_loss, 0.5 * result.history.front().train_loss);
  EXPECT_GT(evaluate(*model, joint, data.test, testing::toy_training(1)).accuracy(), 0.8);
}

TEST(Trainer, BestValidationWeightsAreRestored) {
  const TrainingData data = testing::toy_splits();
  const auto model = testing::toy_model(*data.train);
  Method joint;
  const FitResult result = Trainer(testing::toy_training(12), std::nullopt).fit(model, joint, data);
  EXPECT_EQ(result.selected_by, "best_val");
  double best = 0;
  for (const EpochRecord& record : result.history) best = std::max(best, record.val->accuracy());
  EXPECT_EQ(result.history[static_cast<size_t>(result.selected_epoch)].val->accuracy(), best);
  EXPECT_EQ(evaluate(*model, joint, data.val, testing::toy_training(1)).accuracy(), best);
}

TEST(Trainer, WithoutValidationTheLastEpochIsSelected) {
  TrainingData data = testing::toy_splits();
  data.val = nullptr;
  const auto model = testing::toy_model(*data.train);
  Method joint;
  const FitResult result = Trainer(testing::toy_training(3), std::nullopt).fit(model, joint, data);
  EXPECT_EQ(result.selected_by, "last");
  EXPECT_EQ(result.selected_epoch, 2);
  EXPECT_FALSE(result.history.back().val.has_value());
  TrainOptions options = testing::toy_training(3);
  options.select = "best_val";
  EXPECT_THROW(Trainer(options, std::nullopt).fit(model, joint, data), Error);
}

TEST(Trainer, SameSeedSameNumbersWhateverTheWorkers) {
  std::vector<double> losses;
  for (const int64_t workers : {0, 1, 4}) {
    const TrainingData data = testing::toy_splits();
    const auto model = testing::toy_model(*data.train);
    TrainOptions options = testing::toy_training(3);
    options.workers = workers;
    Method joint;
    losses.push_back(Trainer(options, std::nullopt).fit(model, joint, data).history.back().train_loss);
  }
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_EQ(losses[0], losses[2]);
}

TEST(Trainer, MissingRankingIsAUsageError) {
  class Needy : public Method {
    void prepare(PrepareContext& context, const OptimizerOptions&) override { context.ranking(); }
  } method;
  const TrainingData data = testing::toy_splits();
  try {
    Trainer(testing::toy_training(1), std::nullopt).fit(testing::toy_model(*data.train), method, data);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("`analysis`"));
  }
}

// A head of the method's own, trained only by its own loss.
class OwnHead : public Method {
 public:
  std::shared_ptr<torch::nn::Module> extend(Model&) override {
    head_ = torch::nn::Linear(4, 3);
    return head_.ptr();
  }
  Loss loss(StepContext& context, const Outputs& outputs) override {
    const Tensor own = context.criterion()(head_(context.batch().inputs[0]), context.batch().labels);
    return {.total = context.criterion()(outputs.fused, context.batch().labels) + own,
            .parts = {{"own", own.detach()}}};
  }
  torch::nn::Linear head_{nullptr};
};

TEST(Trainer, PartsOfTheMethodAreTrained) {
  const TrainingData data = testing::toy_splits();
  OwnHead method;
  const auto model = testing::toy_model(*data.train);
  Trainer(testing::toy_training(5), std::nullopt).fit(model, method, data);
  const Tensor predictions = method.head_(data.test->get(0, nullptr).inputs[0].unsqueeze(0));
  EXPECT_TRUE(predictions.requires_grad());
  int64_t correct = 0;
  for (int64_t i = 0; i < data.test->size(); ++i) {
    const Tensor logits = method.head_(data.test->get(i, nullptr).inputs[0].unsqueeze(0));
    correct += logits.argmax(1).item<int64_t>() == data.test->label(i) ? 1 : 0;
  }
  EXPECT_GT(correct, 40);  // of 60; chance is 20
}

// Those of a loader, handed over one by one, train the same weights.
TEST(Trainer, BatchesMayComeFromAFunction) {
  const TrainingData data = testing::toy_splits();
  TrainOptions options = testing::toy_training(3);
  Method joint;
  const auto expected = testing::toy_model(*data.train), found = testing::toy_model(*data.train);
  Trainer(options, std::nullopt).fit(expected, joint, data);

  Loader loader(data.train, training::training_loader(options));
  std::vector<std::pair<int64_t, int64_t>> asked;
  Trainer trainer(options, std::nullopt);
  trainer.batches = [&](int64_t epoch, int64_t position) {
    asked.emplace_back(epoch, position);
    if (position == 0) loader.start_epoch(epoch);
    return loader.next();
  };
  trainer.fit(found, joint, data);
  EXPECT_EQ(asked.front(), std::pair(int64_t{0}, int64_t{0}));
  EXPECT_EQ(asked.back().first, 2);
  const std::vector<Tensor> a = expected->parameters(), b = found->parameters();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(torch::equal(a[i], b[i])) << i;
}

}  // namespace
}  // namespace pdmp::training
