#include <gmock/gmock.h>

#include "pdmp/error.h"
#include "pdmp/optimizer.h"

namespace pdmp::optim {
namespace {

// Four samples of three classes: 3, 1 and 0 of them.
TensorDataset train_data() {
  return {{{"a", "vector", {1}}}, {"x", "y", "z"}, {at::zeros({4, 1})}, at::tensor({0, 1, 0, 0}, at::kLong)};
}

double loss(double smoothing, const std::string& weights) {
  OptimizerOptions options;
  options.label_smoothing = smoothing;
  options.class_weights = weights;
  const Tensor logits = at::tensor({1.0, 0.0, -1.0, 0.0, 2.0, 0.0}, at::kDouble).reshape({2, 3});
  return Criterion(options, train_data())(logits, at::tensor({0, 1}, at::kLong)).item<double>();
}

// -log p of the two rows: (0.4076060, 1.4076060, 2.4076060) and (2.2395448, 0.2395448, 2.2395448).
TEST(Criterion, PlainCrossEntropy) { EXPECT_NEAR(loss(0, "none"), 0.323575365333, 1e-12); }  // mean of .4076, .2395

// 0.9 of it, and 0.1 of the mean over classes.
TEST(Criterion, LabelSmoothing) { EXPECT_NEAR(loss(0.1, "none"), 0.440242032000, 1e-12); }

// Weights 4 / (3 * 3) and 4 / (3 * 1): (4/9 * .4076 + 4/3 * .2395) / (4/9 + 4/3).
TEST(Criterion, BalancedClassWeights) { EXPECT_NEAR(loss(0, "balanced"), 0.281560065778, 1e-12); }

// The class without samples weighs nothing in the smoothed part either.
TEST(Criterion, Both) { EXPECT_NEAR(loss(0.1, "balanced"), 0.316642416889, 1e-12); }

// A subset of rows, as some methods take, may hold only classes of weight 0: the mean would be 0/0.
TEST(Criterion, RowsThatAllWeighNothingHaveLossZero) {
  for (const char* name : {"cross_entropy", "focal"}) {
    OptimizerOptions options;
    options.class_weights = "1,0,2";
    options.loss = name;
    Tensor logits = at::tensor({1.0, 0.0, -1.0, 0.0, 2.0, 0.0}, at::kDouble).reshape({2, 3});
    logits.requires_grad_(true);
    const Tensor value = Criterion(options, train_data())(logits, at::tensor({1, 1}, at::kLong));
    EXPECT_EQ(value.item<double>(), 0) << name;
    value.backward();
    EXPECT_TRUE(at::equal(logits.grad(), at::zeros_like(logits))) << name;
  }
}

TEST(Criterion, WeightsTakeTheLogitsType) {
  OptimizerOptions options;
  options.class_weights = "balanced";
  const Tensor value = Criterion(options, train_data())(at::zeros({1, 3}), at::zeros({1}, at::kLong));
  EXPECT_EQ(value.scalar_type(), at::kFloat);
  EXPECT_NEAR(value.item<float>(), 1.0986123, 1e-6);
}

// Weights 4/9 and 4/3 of losses .045677799 and .010869331.
TEST(Criterion, FocalWithBalancedClassWeights) {
  OptimizerOptions options;
  options.class_weights = "balanced";
  options.loss = "focal:gamma=2";
  const Tensor logits = at::tensor({1.0, 0.0, -1.0, 0.0, 2.0, 0.0}, at::kDouble).reshape({2, 3});
  const Tensor value = Criterion(options, train_data())(logits, at::tensor({0, 1}, at::kLong));
  EXPECT_NEAR(value.item<double>(), 0.019571447908, 1e-12);
}

TEST(Criterion, FocalHasNoLabelSmoothing) {
  OptimizerOptions options;
  options.loss = "focal";
  options.label_smoothing = 0.1;
  EXPECT_THROW(Criterion(options, train_data()), Error);
}

TEST(Criterion, UnknownWeightsAreAnError) {
  OptimizerOptions options;
  options.class_weights = "balance";
  EXPECT_THROW(Criterion(options, train_data()), Error);
}

}  // namespace
}  // namespace pdmp::optim
