#include "train/method_services.h"

#include <gtest/gtest.h>

#include "support/toy_task.h"
#include "train/training_loop.h"

namespace pdmp::training {
namespace {

TrainingInputs inputs_of(const std::shared_ptr<Model>& model, Method& method, const TrainingData& data) {
  return {.options = testing::toy_training(1),
          .ranking = {},
          .model = model,
          .method = method,
          .data = data,
          .select_on = {},
          .make_model = {},
          .unimodal_model = {}};
}

// Looks at what it is handed.
class Curious : public Method {
 public:
  bool needs_held_out() const override { return true; }
  void prepare(PrepareContext& context, const OptimizerOptions&) override {
    name = context.held_out().name;
    held_out = context.held_out().data->size();
    train = context.data().train->size();
    tested = context.data().test != nullptr;
    context.for_each_batch(context.data().train, [&](const Batch& batch) {
      in_order.push_back(batch.index);
      return in_order.size() < 3;
    });
    for (int64_t pass = 0; pass < 2; ++pass) {
      Tensor order;
      context.for_each_training_batch(context.data().train, pass, [&](const Batch& batch) {
        order = order.defined() ? torch::cat({order, batch.index}) : batch.index;
        return true;
      });
      shuffled.push_back(order);
    }
  }
  std::string name;
  int64_t held_out = 0, train = 0;
  bool tested = true;
  std::vector<Tensor> in_order, shuffled;
};

TEST(MethodServices, HeldOutDataIsValidationOrATenthOfTrainThatIsNotTrainedOn) {
  const TrainingData with_val = testing::toy_splits();
  TrainingData without = with_val;
  without.val = nullptr;
  Curious curious, alone;
  TrainingLoop(inputs_of(testing::toy_model(*with_val.train), curious, with_val)).check();
  EXPECT_EQ(curious.name, "val");
  EXPECT_EQ(curious.held_out, 60);
  EXPECT_EQ(curious.train, 96);
  TrainingLoop(inputs_of(testing::toy_model(*with_val.train), alone, without)).check();
  EXPECT_EQ(alone.name, "10 % of train");
  EXPECT_EQ(alone.held_out + alone.train, 96);
  EXPECT_NEAR(static_cast<double>(alone.held_out), 9.6, 1.5);
}

TEST(MethodServices, BatchesForMethodsAreInOrderOrShuffledAfresh) {
  const TrainingData data = testing::toy_splits();
  Curious curious;
  TrainingLoop(inputs_of(testing::toy_model(*data.train), curious, data)).check();
  ASSERT_EQ(curious.in_order.size(), 3);  // stopped there
  EXPECT_TRUE(torch::cat(curious.in_order).equal(torch::arange(48)));
  for (const Tensor& order : curious.shuffled) EXPECT_TRUE(std::get<0>(order.sort()).equal(torch::arange(96)));
  EXPECT_FALSE(curious.shuffled[0].equal(curious.shuffled[1]));
}

// Asks for a teacher while the run is prepared.
class Pupil : public Method {
 public:
  void prepare(PrepareContext& context, const OptimizerOptions&) override {
    const std::shared_ptr<Model> teacher = context.unimodal_model(1);
    for (const Tensor& parameter : teacher->parameters()) wants_gradients |= parameter.requires_grad();
    training = teacher->is_training();
    drawn = torch::rand({1}).item<double>();
  }
  bool wants_gradients = false, training = true;
  double drawn = 0;
};

TEST(MethodServices, TeachersAreFrozenAndMakingThemLeavesTheGeneratorAlone) {
  const TrainingData data = testing::toy_splits();
  std::vector<double> drawn;
  for (const int64_t numbers : {1, 100}) {
    Pupil pupil;
    TrainingInputs inputs = inputs_of(testing::toy_model(*data.train), pupil, data);
    inputs.unimodal_model = [&](int64_t m) {
      torch::rand({numbers});  // as a training would
      return std::make_shared<Model>(std::vector<ModalityInfo>{data.train->modalities()[static_cast<size_t>(m)]}, 3,
                                     ModelOptions{}, 0);
    };
    TrainingLoop(std::move(inputs)).check();
    EXPECT_FALSE(pupil.wants_gradients);
    EXPECT_FALSE(pupil.training);
    drawn.push_back(pupil.drawn);
  }
  EXPECT_EQ(drawn[0], drawn[1]);
}

}  // namespace
}  // namespace pdmp::training
