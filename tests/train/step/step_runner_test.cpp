#include "train/step/step_runner.h"

#include <gtest/gtest.h>
#include <limits>

#include "support/method_at_work.h"
#include "support/toy_task.h"

namespace pdmp::training {
namespace {

TEST(StepRunner, ScaleGradientsSkipsUndefinedAndNonFinite) {
  const TrainingData data = testing::toy_splits();
  const auto model = testing::toy_model(*data.train);
  testing::MethodAtWork step(model, std::make_shared<Method>(), {},
                             testing::full_batch({torch::zeros({3, 4}), torch::zeros({3, 4})}, torch::arange(3)));
  const std::vector<Tensor> parameters = model->modality_parameters(0);
  Tensor first = parameters[0];
  first.mutable_grad() = torch::ones_like(first);
  step.scale_gradients(0, 15, Scope::encoder_all);
  EXPECT_TRUE(first.grad().equal(torch::full_like(first, 15)));
  EXPECT_FALSE(parameters[1].grad().defined());
  step.scale_gradients(0, std::numeric_limits<double>::infinity(), Scope::encoder_all);
  EXPECT_TRUE(first.grad().equal(torch::full_like(first, 15)));
  EXPECT_EQ(step.log().at("modulation.nonfinite"), 1);
}

// Scales what modality 0 learns by 3, in every step.
class Scaling : public Method {
 public:
  void modulate(StepContext& context, const Outputs&) override {
    context.scale_gradients(0, 3, Scope::encoder_all);
    largest = 0;
    for (const Tensor& parameter : context.model().modality_parameters(0)) {
      largest = std::max(largest, parameter.grad().abs().max().item<double>());
    }
  }
  double largest = 0;  // gradient, after scaling
};

// Weights after one step of AdamW on one batch.
std::vector<Tensor> one_step(Method& method, const std::string& modulation) {
  const TrainingData data = {.train = testing::toy_data(16, 2, 5), .val = nullptr, .test = nullptr};
  const auto model = testing::toy_model(*data.train);
  TrainOptions options = testing::toy_training(1);
  options.optimizer.optimizer = "adamw";
  options.optimizer.lr = 1e-3;
  options.optimizer.weight_decay = 0.1;
  options.optimizer.modulation = modulation;
  Trainer(options, std::nullopt).fit(model, method, data);
  std::vector<Tensor> weights;
  for (const Tensor& parameter : model->modality_parameters(0)) weights.push_back(parameter.detach().clone());
  return weights;
}

double median_difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  std::vector<Tensor> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back((a[i] - b[i]).abs().flatten());
  return torch::cat(differences).median().item<double>();
}

TEST(StepRunner, AdaptiveOptimizersAreScaledByLearningRateUnlessToldOtherwise) {
  Method plain;
  Scaling by_rate, by_gradient;
  const std::vector<Tensor> unscaled = one_step(plain, "auto"), rate = one_step(by_rate, "auto"),
                            gradient = one_step(by_gradient, "grad");
  EXPECT_LT(median_difference(unscaled, gradient), 1e-5);      // AdamW cancels the factor, up to eps
  EXPECT_NEAR(median_difference(unscaled, rate), 2e-3, 1e-4);  // a step of 3 lr instead of lr; decay as before
  EXPECT_NEAR(by_gradient.largest, 3 * by_rate.largest, 1e-6);
}

// The order of a step, told by what the gradients are when a method sees them.
TEST(StepRunner, ClipsBeforeOrAfterModulation) {
  const auto data = testing::toy_data(6, 2, 1);
  std::vector<Sample> samples;
  for (int64_t i = 0; i < 6; ++i) samples.push_back(data->get(i, nullptr));
  const Batch batch = collate(samples, {0, 1, 2, 3, 4, 5});
  constexpr double kNorm = 0.01;
  for (const char* position : {"before", "after"}) {
    OptimizerOptions options;
    options.clip_norm = kNorm;
    options.clip_position = position;
    const auto model = testing::toy_model(*data);
    testing::MethodAtWork step(model, std::make_shared<Method>(), options, batch);
    const auto norm = [&] {
      double squares = 0;
      for (const ParameterGroup& group : step.optimizer().groups()) {
        for (const Tensor& parameter : group.parameters) squares += parameter.grad().square().sum().item<double>();
      }
      return std::sqrt(squares);
    };
    double seen = 0;
    step.watched.before = [&] { seen = norm(); };
    step.train(batch);
    EXPECT_EQ(seen <= kNorm * 1.001, std::string(position) == "before") << seen;
    EXPECT_NEAR(norm(), kNorm, 1e-5);
  }
}

}  // namespace
}  // namespace pdmp::training
